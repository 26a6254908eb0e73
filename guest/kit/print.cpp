#include "kit/print.hpp"

namespace bulkhead::guest {

void Line::add(const Part& part)
{
    if (part.form_ == Part::characters) {
        add_text({part.data_, part.value_});
    } else if (part.form_ == Part::negative) {
        add_text("-");
        add_decimal(-part.value_);
    } else if (part.form_ == Part::decimal) {
        add_decimal(part.value_);
    } else {
        add_hex(part.value_, static_cast<unsigned>(part.form_));
    }
}

void Line::add_text(std::string_view text)
{
    for (const char character : text)
        if (used_ < size) buffer_[used_++] = character;
}

void Line::add_hex(std::uint64_t value, unsigned least_digits)
{
    add_text("0x");
    unsigned digits = 16;
    while (digits > least_digits && value >> (4U * (digits - 1)) == 0)
        --digits;
    while (digits-- != 0)
        add_text({&"0123456789abcdef"[value >> (4U * digits) & 0xfU], 1});
}

void Line::add_decimal(std::uint64_t value)
{
    char digits[20];
    std::size_t first = sizeof(digits);
    do {
        digits[--first] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    add_text({digits + first, sizeof(digits) - first});
}

void print_parts(std::span<const Part> parts)
{
    Line line;
    for (const auto& part : parts)
        line.add(part);
    console::write(line.text());
}

} // namespace bulkhead::guest
