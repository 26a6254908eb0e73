#include "base/log.hpp"

#include "base/host_console.hpp"

#include <array>

namespace bulkhead::log {
namespace {

Level threshold = Level::info;

/// Appends to a fixed buffer; what does not fit is dropped.
class Cursor {
public:
    explicit Cursor(std::span<char> buffer) : buffer_(buffer) {}

    void put(char c)
    {
        if (used_ < buffer_.size()) buffer_[used_++] = c;
    }
    void put(std::string_view text)
    {
        for (const char c : text)
            put(c);
    }
    void put_number(std::uint64_t value, unsigned base, unsigned least_digits)
    {
        std::array<char, 20> digits{};
        unsigned count = 0;
        do {
            digits[count++] = "0123456789abcdef"[value % base];
            value /= base;
        } while (value != 0);
        while (count < least_digits)
            digits[count++] = '0';
        while (count != 0)
            put(digits[--count]);
    }
    void put(const Argument& argument, bool hexadecimal)
    {
        using Kind = Argument::Kind;
        if (argument.kind() == Kind::text) return put(argument.text());
        if (argument.kind() == Kind::negative) put('-');
        if (argument.kind() == Kind::address || hexadecimal) {
            put("0x");
            return put_number(argument.number(), 16, argument.kind() == Kind::address ? 8 : 1);
        }
        put_number(argument.number(), 10, 1);
    }
    [[nodiscard]] std::string_view text() const { return {buffer_.data(), used_}; }

private:
    std::span<char> buffer_;
    std::size_t used_ = 0;
};

} // namespace

std::string_view format_into(std::span<char> buffer, const char* format,
                             std::span<const Argument> arguments)
{
    Cursor out{buffer};
    std::size_t next = 0;
    for (; *format != '\0'; ++format) {
        if (*format != '{') {
            out.put(*format);
            continue;
        }
        const bool hexadecimal = *++format == 'x';
        if (hexadecimal) ++format;
        if (next < arguments.size()) out.put(arguments[next++], hexadecimal);
        if (*format == '\0') break;
    }
    return out.text();
}

void set_threshold(Level level) { threshold = level; }

void write(Level level, const char* format, std::span<const Argument> arguments)
{
    if (level > threshold) return;
    std::array<char, 512> line{};
    const auto text = format_into(line, format, arguments);
    const Guard guard{host_console.lock};
    host_console.write_line({text});
}

} // namespace bulkhead::log
