#include "base/host_console.hpp"

#include "machine/console.hpp"
#include "machine/time.hpp"

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
    if (line_is_open_) machine::console_write("\n");
    line_is_open_ = false;
    machine::console_write("(XEN) ");
    if (stamp_ != Stamp::none) write_stamp();
    for (const auto part : parts)
        machine::console_write(part);
    machine::console_write("\n");
}

void HostConsole::write_raw(std::string_view bytes)
{
    if (bytes.empty()) return;
    machine::console_write_raw(bytes);
    line_is_open_ = bytes.back() != '\n';
}

void HostConsole::write_stamp()
{
    machine::console_write("[");
    if (stamp_ == Stamp::ticks) {
        machine::console_write(Decimal{machine::now().value(), 1, ' '}.text());
    } else {
        const auto ticks = machine::now() - stamp_start_;
        const auto rate = machine::ticks_per_second();
        machine::console_write(Decimal{ticks / rate, 5, ' '}.text());
        machine::console_write(".");
        machine::console_write(Decimal{ticks % rate * 1'000'000 / rate, 6, '0'}.text());
    }
    machine::console_write("] ");
}

} // namespace bulkhead
