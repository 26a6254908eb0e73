#include "devicetree/node_table.hpp"

#include "base/bits.hpp"
#include "devicetree/format.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace bulkhead::devicetree {

using Bytes = std::span<const std::byte>;

/// The structure block, token by token.
class NodeTable::Tokens {
public:
    explicit Tokens(Bytes block) : block_(block) {}

    [[nodiscard]] std::uint32_t offset() const { return static_cast<std::uint32_t>(at_); }

    std::optional<std::uint32_t> word()
    {
        if (block_.size() - at_ < 4) return std::nullopt;
        at_ += 4;
        return format::load(block_.data() + at_ - 4);
    }
    /// Skips that many bytes, and what aligns the next token.
    bool skip(std::size_t size)
    {
        if (size > block_.size() - at_) return false;
        at_ = std::min(align_up(at_ + size, format::alignment), block_.size());
        return true;
    }
    /// Skips a string, and says its length without the NUL.
    std::optional<std::uint16_t> string()
    {
        constexpr std::size_t longest = 0xffff;
        const auto rest = block_.subspan(at_, std::min(block_.size() - at_, longest + 1));
        const auto size = std::ranges::find(rest, std::byte{0}) - rest.begin();
        if (static_cast<std::size_t>(size) == rest.size()) return std::nullopt;
        skip(static_cast<std::size_t>(size) + 1);
        return static_cast<std::uint16_t>(size);
    }

private:
    Bytes block_;
    std::size_t at_ = 0;
};

namespace {

bool is_phandle(std::string_view name) { return name == "phandle" || name == "linux,phandle"; }

} // namespace

Result<void> NodeTable::add_node(Tokens& tokens, Index parent)
{
    if (count_ == std::min(entries_.size(), most)) return failure(Error::no_space);
    const auto name = tokens.offset();
    const auto name_size = tokens.string();
    if (!name_size) return failure(Error::invalid);
    auto& entry = entries_[count_++];
    entry.name = name;
    entry.first_token = tokens.offset();
    entry.name_size = *name_size;
    entry.parent = parent;
    entry.phandle = 0;
    return {};
}

Result<void> NodeTable::read(Bytes structure, Bytes strings)
{
    structure_ = structure;
    strings_ = reinterpret_cast<const char*>(strings.data());
    count_ = 0;

    Tokens tokens{structure_};
    Index node = root;
    const auto skip_property = [&] {
        const auto size = tokens.word();
        const auto name = tokens.word();
        if (!size || !name || *name >= strings.size()) return false;
        const auto value = tokens.offset();
        if (!tokens.skip(*size)) return false;
        // The block's last byte was checked, so every name in it ends.
        const char* const text = strings_ + *name;
        if (*size == 4 && (*text == 'p' || *text == 'l') && is_phandle(text))
            entries_[node].phandle = format::load(structure.data() + value);
        return true;
    };
    if (!strings.empty() && strings.back() != std::byte{0}) return failure(Error::invalid);
    if (tokens.word() != format::begin_node) return failure(Error::invalid);
    if (auto added = add_node(tokens, root); !added) return added;
    if (!name(root).empty()) return failure(Error::invalid);
    for (unsigned depth = 1; depth > 0;) {
        const auto token = tokens.word();
        if (token == format::property) {
            if (!skip_property()) return failure(Error::invalid);
        } else if (token == format::begin_node) {
            if (++depth > max_depth) return failure(Error::invalid);
            const auto parent = std::exchange(node, count_);
            if (auto added = add_node(tokens, parent); !added) return added;
        } else if (token == format::end_node) {
            entries_[node].after = count_;
            node = entries_[node].parent;
            --depth;
        } else if (token != format::nop) {
            return failure(Error::invalid);
        }
    }
    return tokens.word() == format::end ? Result<void>{} : failure(Error::invalid);
}

} // namespace bulkhead::devicetree
