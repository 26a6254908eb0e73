#include "base/host_console.hpp"

#include "machine/console.hpp"
#include "machine/time.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace bulkhead {
namespace {

/// A decimal number in `width` characters or as many as it needs, filled up in front.
class Decimal {
public:
    Decimal(std::uint64_t value, std::size_t width, char fill)
    {
        const auto least = digits_.size() - width;
        do {
            digits_[--first_] = static_cast<char>('0' + value % 10);
            value /= 10;
        } while (value != 0);
        while (first_ > least)
            digits_[--first_] = fill;
    }
    [[nodiscard]] std::string_view text() const
    {
        return {digits_.data() + first_, digits_.size() - first_};
    }

private:
    std::array<char, 20> digits_{};
    std::size_t first_ = digits_.size();
};

} // namespace

constinit HostConsole host_console;

void HostConsole::set_stamp(Stamp stamp)
{
    stamp_ = stamp;
    stamp_start_ = machine::now();
}

void HostConsole::write_line(std::initializer_list<std::string_view> parts)
{
    if (line_is_open_) put("\n");
    line_is_open_ = false;
    put("(XEN) ");
    if (stamp_ != Stamp::none) write_stamp();
    for (const auto part : parts)
        put(part);
    put("\n");
    send();
}

void HostConsole::write_raw(std::string_view bytes)
{
    if (bytes.empty()) return;
    put_raw(bytes);
    line_is_open_ = bytes.back() != '\n';
    send();
}

void HostConsole::write_in_panic(std::initializer_list<std::string_view> parts)
{
    for (const auto part : parts)
        put(part);
    flush();
}

void HostConsole::put(std::string_view text)
{
    for (const char character : text) {
        if (character == '\n') put_raw("\r");
        put_raw({&character, 1});
    }
}

void HostConsole::put_raw(std::string_view bytes)
{
    for (const char byte : bytes) {
        if (to_send_.full()) wait_until_left(buffered_most - 1);
        (void)to_send_.push(byte);
    }
}

void HostConsole::send()
{
    while (!to_send_.empty() && machine::console_try_write(to_send_.front()))
        (void)to_send_.pop();
    if (to_send_.size() >= behind_from) is_behind_.store(true);
    // Who is held back is let go by the interrupt.
    if (!machine::console_want_room(!to_send_.empty() || is_behind())) flush();
}

bool HostConsole::catch_up()
{
    send();
    if (is_behind() && to_send_.size() <= behind_until) {
        is_behind_.store(false);
        machine::console_want_room(!to_send_.empty());
    }
    return !is_behind();
}

void HostConsole::flush() { wait_until_left(0); }

void HostConsole::wait_until_left(std::size_t bytes)
{
    while (to_send_.size() > bytes) {
        const bool is_sent = machine::console_try_write(to_send_.front());
        polls_ = is_sent ? 0 : std::min(polls_ + 1, patience);
        if (is_sent || polls_ == patience) (void)to_send_.pop();
    }
}

void HostConsole::write_stamp()
{
    put("[");
    if (stamp_ == Stamp::ticks) {
        put(Decimal{machine::now().value(), 1, ' '}.text());
    } else {
        const auto ticks = machine::now() - stamp_start_;
        const auto rate = machine::ticks_per_second();
        put(Decimal{ticks / rate, 5, ' '}.text());
        put(".");
        put(Decimal{ticks % rate * 1'000'000 / rate, 6, '0'}.text());
    }
    put("] ");
}

} // namespace bulkhead
