#pragma once

#include "base/callback.hpp"
#include "base/host_console.hpp"
#include "base/lock.hpp"
#include "base/types.hpp"
#include "device/plain_text.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <string_view>

namespace bulkhead::device {

/// A domain's share of the host's console. While the domain has the input, what it writes goes out
/// as it is; else it is collected and comes out in lines with `(XEN) DOM<n>: ` in front, without
/// anything that a terminal obeys (PlainText). A line that grows too long comes in pieces, all but
/// the last with ` ...` at the end.
class DomainConsole {
public:
    explicit DomainConsole(DomainId id);

    /// A character of the domain's, from any CPU. False: the host's UART is behind; it is not
    /// taken, and `resume` of ConsoleMux::attach() is called when it has caught up.
    [[nodiscard]] bool put(char character) EXCLUDES(line_lock_, host_console.lock);

    /// The domain ended, or starts anew: shows the line that it left unfinished.
    void finish() EXCLUDES(line_lock_, host_console.lock);

    /// Did it write anything since it started?
    [[nodiscard]] bool has_written() const { return has_written_.load(std::memory_order_relaxed); }

private:
    friend class ConsoleMux;

    static constexpr std::size_t line_most = 256;
    /// Bytes of a character in UTF-8, at most: a line is cut where one starts.
    static constexpr std::size_t character_most = 4;

    /// `DOM1`
    [[nodiscard]] std::string_view name() const { return {name_.data(), name_length_}; }

    /// The input is this domain's from now on, says the line; `before` is the domain that had it.
    void take_input(DomainConsole* before, std::string_view how_to_switch)
        EXCLUDES(line_lock_, host_console.lock);
    void lose_input() REQUIRES(host_console.lock)
    {
        has_input_.store(false, std::memory_order_relaxed);
    }

    void collect(char character) REQUIRES(line_lock_) EXCLUDES(host_console.lock);
    void show_line(std::string_view ending = {}) REQUIRES(line_lock_) EXCLUDES(host_console.lock);

    std::array<char, 12> name_ = {};
    std::size_t name_length_ = 0;

    std::atomic<bool> has_written_ = false;
    /// It was told to wait with what it writes.
    std::atomic<bool> is_waiting_ = false;
    /// Becomes true with both locks and false with the console's, so that either will do to rely on
    /// false, and the console's to rely on true.
    std::atomic<bool> has_input_ = false;

    Lock<Rank::console_line> line_lock_;
    std::array<char, line_most> line_ GUARDED_BY(line_lock_) = {};
    std::size_t used_ GUARDED_BY(line_lock_) = 0;
    PlainText plain_text_ GUARDED_BY(line_lock_);

    // ConsoleMux's, with its lock.
    DomainId id_;
    std::optional<Callback<void(char)>> receive_;
    std::optional<Callback<void()>> resume_;
    DomainConsole* next_ = nullptr;
};

} // namespace bulkhead::device
