#include "devicetree/tree_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <libfdt.h>

namespace bulkhead::devicetree {
namespace {

/// Longest name of a node, with its NUL (Devicetree Specification 0.4, 2.2.1 allows 31 and an
/// address).
using Name = std::array<char, 48>;

} // namespace

TreeWriter::TreeWriter(std::span<std::byte> buffer)
    : buffer_(buffer), error_(fdt_create(buffer.data(), static_cast<int>(buffer.size())))
{
    if (error_ == 0) error_ = fdt_finish_reservemap(buffer_.data());
}

void TreeWriter::bytes(const char* name, std::span<const std::byte> value)
{
    if (auto* to = place(name, value.size())) std::ranges::copy(value, to);
}

void TreeWriter::string(const char* name, std::string_view value)
{
    auto* to = place(name, value.size() + 1);
    if (to == nullptr) return;
    to = std::ranges::copy(std::as_bytes(std::span{value}), to).out;
    *to = std::byte{0};
}

void TreeWriter::cells(const char* name, std::initializer_list<std::uint32_t> values)
{
    auto* to = place(name, values.size() * 4);
    if (to == nullptr) return;
    for (const auto value : values) {
        fdt32_st(to, value);
        to += 4;
    }
}

void TreeWriter::numbers(const char* name, std::span<const std::uint64_t> values)
{
    auto* to = place(name, values.size() * 8);
    if (to == nullptr) return;
    for (const auto value : values) {
        fdt64_st(to, value);
        to += 8;
    }
}

Result<std::span<const std::byte>> TreeWriter::finish()
{
    if (error_ == 0) error_ = fdt_finish(buffer_.data());
    if (error_ != 0) return failure(error_ == -FDT_ERR_NOSPACE ? Error::no_space : Error::invalid);
    return buffer_.first(fdt_totalsize(buffer_.data()));
}

void TreeWriter::begin(std::string_view name)
{
    Name text{};
    if (name.size() >= text.size()) error_ = -FDT_ERR_BADVALUE;
    if (error_ != 0) return;
    std::ranges::copy(name, text.data());
    error_ = fdt_begin_node(buffer_.data(), text.data());
}

void TreeWriter::begin(std::string_view name, std::uint64_t address)
{
    constexpr std::size_t most = 16; // digits
    Name text{};
    if (name.size() + 1 + most >= text.size()) error_ = -FDT_ERR_BADVALUE;
    if (error_ != 0) return;
    auto* to = std::ranges::copy(name, text.data()).out;
    *to++ = '@';
    const auto digits = std::to_chars(to, to + most, address, 16);
    begin({text.data(), digits.ptr});
}

void TreeWriter::end()
{
    if (error_ == 0) error_ = fdt_end_node(buffer_.data());
}

std::byte* TreeWriter::place(const char* name, std::size_t size)
{
    void* value = nullptr;
    if (error_ == 0)
        error_ = fdt_property_placeholder(buffer_.data(), name, static_cast<int>(size), &value);
    return error_ == 0 ? static_cast<std::byte*>(value) : nullptr;
}

} // namespace bulkhead::devicetree
