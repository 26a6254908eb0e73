#include "devicetree/tree_writer.hpp"

#include "base/bits.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace bulkhead::devicetree {
namespace {

/// The header, and a reservation block that only ends.
constexpr std::size_t structure_start = sizeof(format::Header) + format::reservation_size;

} // namespace

TreeWriter::TreeWriter(std::span<std::byte> buffer)
    : buffer_(buffer), strings_(buffer.last(buffer.size() / 4)), end_(structure_start)
{
}

void TreeWriter::bytes(std::string_view name, std::span<const std::byte> value)
{
    if (auto* to = place(name, value.size())) std::ranges::copy(value, to);
}

void TreeWriter::string(std::string_view name, std::string_view value)
{
    if (auto* to = place(name, value.size() + 1))
        std::ranges::copy(std::as_bytes(std::span{value}), to);
}

void TreeWriter::cells(std::string_view name, std::initializer_list<std::uint32_t> values)
{
    auto* to = place(name, values.size() * 4);
    if (to == nullptr) return;
    for (const auto value : values) {
        format::store(to, value);
        to += 4;
    }
}

void TreeWriter::numbers(std::string_view name, std::span<const std::uint64_t> values)
{
    auto* to = place(name, values.size() * 8);
    if (to == nullptr) return;
    for (const auto value : values) {
        format::store(to, static_cast<std::uint32_t>(value >> 32));
        format::store(to + 4, static_cast<std::uint32_t>(value));
        to += 8;
    }
}

void TreeWriter::copy(const Node& top, std::span<const std::string_view> without)
{
    std::optional open = top;
    for (std::optional at = top; at; at = at->next(top)) {
        for (; *at != top && open && open != at->parent(); open = open->parent())
            end();
        begin(at->name());
        open = *at;
        for (const auto property : at->properties())
            if (std::ranges::find(without, property.name()) == without.end())
                bytes(property.name(), property.value());
    }
    for (; open && open != top; open = open->parent())
        end();
    end();
}

Result<std::span<const std::byte>> TreeWriter::finish()
{
    word(format::end);
    if (is_full_) return failure(Error::no_space);
    std::ranges::fill(buffer_.first(structure_start), std::byte{0});
    std::ranges::copy(strings_.first(strings_size_), buffer_.data() + end_);
    const format::Header header{
        .total_size = static_cast<std::uint32_t>(end_ + strings_size_),
        .structure = structure_start,
        .strings = static_cast<std::uint32_t>(end_),
        .reservations = sizeof(format::Header),
        .strings_size = static_cast<std::uint32_t>(strings_size_),
        .structure_size = static_cast<std::uint32_t>(end_ - structure_start),
    };
    format::store_header(buffer_.data(), header);
    return buffer_.first(header.total_size);
}

void TreeWriter::begin(std::string_view name, std::string_view unit_address)
{
    word(format::begin_node);
    auto* to = room(name.size() + unit_address.size() + 1);
    if (to == nullptr) return;
    to = std::ranges::copy(std::as_bytes(std::span{name}), to).out;
    std::ranges::copy(std::as_bytes(std::span{unit_address}), to);
}

void TreeWriter::begin(std::string_view name, std::uint64_t address)
{
    constexpr std::size_t most_digits = 16;
    std::array<char, 1 + most_digits> text{'@'};
    const auto* const end = std::to_chars(text.begin() + 1, text.end(), address, 16).ptr;
    begin(name, std::string_view{text.begin(), end});
}

std::byte* TreeWriter::place(std::string_view name, std::size_t size)
{
    word(format::property);
    word(static_cast<std::uint32_t>(size));
    word(add_string(name));
    return room(size);
}

std::byte* TreeWriter::room(std::size_t size)
{
    const auto left = buffer_.size() - strings_.size();
    is_full_ = is_full_ || end_ > left || size > left - end_ ||
               align_up(size, format::alignment) > left - end_;
    if (is_full_) return nullptr;
    const auto place = buffer_.subspan(end_, align_up(size, format::alignment));
    if (!place.empty()) format::store(place.data() + place.size() - format::alignment, 0);
    end_ += place.size();
    return place.data();
}

void TreeWriter::word(std::uint32_t value)
{
    if (auto* to = room(sizeof value)) format::store(to, value);
}

std::uint32_t TreeWriter::add_string(std::string_view name)
{
    const auto offset = strings_size_;
    is_full_ = is_full_ || name.size() >= strings_.size() - offset;
    if (is_full_) return 0;
    const auto place = strings_.subspan(offset, name.size() + 1);
    std::ranges::copy(std::as_bytes(std::span{name}), place.begin());
    place.back() = std::byte{0};
    strings_size_ += place.size();
    return static_cast<std::uint32_t>(offset);
}

} // namespace bulkhead::devicetree
