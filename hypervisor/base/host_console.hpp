#pragma once

#include "base/lock.hpp"
#include "base/thread_safety.hpp"
#include "base/types.hpp"

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace bulkhead {

/// The host's console, which the hypervisor and all domains share. One domain at a time may write
/// to it as it likes; everything else comes in whole lines, and starts on a line of its own.
class HostConsole {
public:
    /// What a line starts with besides `(XEN) `: the time since this was chosen, or the counter.
    enum class Stamp : std::uint8_t { none, seconds, ticks };

    Lock<Rank::console> lock;

    void set_stamp(Stamp stamp) REQUIRES(lock);

    /// A line of the hypervisor's: `(XEN) `, the parts one after the other, and the line's end. A
    /// line that the domain with the console has not finished is ended first.
    void write_line(std::initializer_list<std::string_view> parts) REQUIRES(lock);

    /// Bytes of the domain that has the console, as they are.
    void write_raw(std::string_view bytes) REQUIRES(lock);

private:
    void write_stamp() REQUIRES(lock);

    Stamp stamp_ GUARDED_BY(lock) = Stamp::none;
    Ticks stamp_start_ GUARDED_BY(lock);
    /// The cursor is behind something that was written raw.
    bool line_is_open_ GUARDED_BY(lock) = false;
};

extern constinit HostConsole host_console;

} // namespace bulkhead
