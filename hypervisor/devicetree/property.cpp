#include "devicetree/property.hpp"

namespace bulkhead::devicetree {

Result<std::uint32_t> Property::u32() const
{
    if (value_.size() != 4) return failure(Error::invalid);
    return static_cast<std::uint32_t>(*cells(0, 1));
}

Result<std::uint64_t> Property::number() const
{
    if (value_.size() != 4 && value_.size() != 8) return failure(Error::invalid);
    return cells(0, value_.size() / 4);
}

Result<std::uint64_t> Property::cells(std::uint64_t first, std::uint64_t count) const
{
    if (count > 2 || first > cell_count() || count > cell_count() - first)
        return failure(Error::invalid);
    std::uint64_t number = 0;
    for (const auto byte : value_.subspan(first * 4, count * 4))
        number = number << 8 | std::to_integer<std::uint64_t>(byte);
    return number;
}

Result<std::string_view> Property::string() const
{
    const std::string_view text{reinterpret_cast<const char*>(value_.data()), value_.size()};
    const auto end = text.find('\0');
    if (end == std::string_view::npos) return failure(Error::invalid);
    return std::string_view{text.begin(), text.begin() + end};
}

bool Property::contains(std::string_view wanted) const
{
    if (value_.empty() || value_.back() != std::byte{0}) return false;
    const auto* text = reinterpret_cast<const char*>(value_.data());
    const auto* const end = text + value_.size();
    while (text != end) {
        std::size_t same = 0;
        while (same != wanted.size() && text[same] == wanted[same] && text[same] != '\0')
            ++same;
        text += same;
        if (same == wanted.size() && *text == '\0') return true;
        while (*text++ != '\0')
            continue;
    }
    return false;
}

} // namespace bulkhead::devicetree
