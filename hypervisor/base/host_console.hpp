#pragma once

#include "base/lock.hpp"
#include "base/thread_safety.hpp"

#include <initializer_list>
#include <string_view>

namespace bulkhead {

/// The host's console, which the hypervisor and all domains share. One domain at a time may write
/// to it as it likes; everything else comes in whole lines, and starts on a line of its own.
class HostConsole {
public:
    Lock<Rank::console> lock;

    /// The parts one after the other and the end of the line. A line that the domain with the
    /// console has not finished is ended first.
    void write_line(std::initializer_list<std::string_view> parts) REQUIRES(lock);

    /// Bytes of the domain that has the console, as they are.
    void write_raw(std::string_view bytes) REQUIRES(lock);

private:
    /// The cursor is behind something that was written raw.
    bool line_is_open_ GUARDED_BY(lock) = false;
};

extern constinit HostConsole host_console;

} // namespace bulkhead
