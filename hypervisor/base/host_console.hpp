#pragma once

#include "base/character_queue.hpp"
#include "base/lock.hpp"
#include "base/thread_safety.hpp"
#include "base/types.hpp"

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace bulkhead {

/// The host's console, which the hypervisor and all domains share. One domain at a time may write
/// to it as it likes; everything else comes in whole lines, and starts on a line of its own.
///
/// What the UART has no room for waits here for its interrupt, so that no CPU waits for the wire.
/// Only a UART without an interrupt is waited for, and whoever meets a full buffer, which domains
/// do not: they are held back long before (is_behind()).
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

    /// The UART has room, says its interrupt: sends on. False: domains still have to wait.
    bool catch_up() REQUIRES(lock);
    /// Waits until the UART has taken everything: before the machine is switched off.
    void flush() REQUIRES(lock);
    /// More is to be sent than domains may add to; until catch_up() finds little left.
    [[nodiscard]] bool is_behind() const { return is_behind_.load(); }

    /// The last words, whoever holds the lock: it may be the one that failed.
    void write_in_panic(std::initializer_list<std::string_view> parts) NO_THREAD_SAFETY_ANALYSIS;

private:
    /// Seconds of 115200 baud. Room for what all CPUs may be about to add: each a FIFO of line
    /// ends, which become whole lines here.
    static constexpr std::size_t buffered_most = 32768;
    static constexpr std::size_t behind_from = 8192;
    static constexpr std::size_t behind_until = 1024;
    /// Polls for room before a byte is given up: some ten characters' time at 9600 baud.
    static constexpr std::uint32_t patience = 1'000'000;

    /// Text; LF becomes CR LF.
    void put(std::string_view text) REQUIRES(lock);
    void put_raw(std::string_view bytes) REQUIRES(lock);
    void wait_until_left(std::size_t bytes) REQUIRES(lock);
    /// Hands the UART as much as it takes.
    void send() REQUIRES(lock);
    void write_stamp() REQUIRES(lock);

    Stamp stamp_ GUARDED_BY(lock) = Stamp::none;
    Ticks stamp_start_ GUARDED_BY(lock);
    /// The cursor is behind something that was written raw.
    bool line_is_open_ GUARDED_BY(lock) = false;

    CharacterQueue<buffered_most> to_send_ GUARDED_BY(lock);
    std::atomic<bool> is_behind_ = false;
    /// Polls since it last had room: a UART that is held by flow control, or has lost its clock,
    /// costs all the patience once and not at every byte.
    std::uint32_t polls_ GUARDED_BY(lock) = 0;
};

extern constinit HostConsole host_console;

} // namespace bulkhead
