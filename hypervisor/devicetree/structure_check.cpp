#include "devicetree/structure_check.hpp"

#include <algorithm>
#include <cstdint>
#include <libfdt.h>
#include <optional>

namespace bulkhead::devicetree {
namespace {

using Bytes = std::span<const std::byte>;

/// Bytes of a string with its NUL, or none when the end of `from` comes first.
std::optional<std::size_t> string_size(Bytes from)
{
    const auto end = std::ranges::find(from, std::byte{0});
    if (end == from.end()) return std::nullopt;
    return end - from.begin() + 1;
}

/// The structure block, token by token.
class Tokens {
public:
    explicit Tokens(Bytes block) : rest_(block) {}

    std::optional<std::uint32_t> word()
    {
        if (rest_.size() < 4) return std::nullopt;
        const auto value = fdt32_ld(reinterpret_cast<const fdt32_t*>(rest_.data()));
        rest_ = rest_.subspan(4);
        return value;
    }
    /// Skips that many bytes, and what aligns the next token.
    bool skip(std::optional<std::size_t> size)
    {
        if (!size || *size > rest_.size()) return false;
        rest_ = rest_.subspan(std::min((*size + 3) & ~std::size_t{3}, rest_.size()));
        return true;
    }
    [[nodiscard]] Bytes rest() const { return rest_; }

private:
    Bytes rest_;
};

bool skip_property(Tokens& tokens, Bytes strings)
{
    const auto size = tokens.word();
    const auto name = tokens.word();
    return size && name && *name < strings.size() && string_size(strings.subspan(*name)) &&
           tokens.skip(*size);
}

} // namespace

bool is_sound_structure(Bytes tree, int max_depth)
{
    const auto* header = tree.data();
    const auto strings = tree.subspan(fdt_off_dt_strings(header), fdt_size_dt_strings(header));
    Tokens tokens{tree.subspan(fdt_off_dt_struct(header), fdt_size_dt_struct(header))};

    // The root's name is empty.
    if (tokens.word() != FDT_BEGIN_NODE || tokens.word() != 0U) return false;
    for (int depth = 1; depth > 0;) {
        const auto token = tokens.word();
        if (token == FDT_BEGIN_NODE) {
            if (++depth > max_depth || !tokens.skip(string_size(tokens.rest()))) return false;
        } else if (token == FDT_PROP) {
            if (!skip_property(tokens, strings)) return false;
        } else if (token == FDT_END_NODE) {
            --depth;
        } else if (token != FDT_NOP) {
            return false;
        }
    }
    return tokens.word() == FDT_END;
}

} // namespace bulkhead::devicetree
