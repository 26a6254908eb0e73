#include "devicetree/node_table.hpp"

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
        at_ = std::min(format::align(at_ + size), block_.size());
        return true;
    }
    bool skip_string()
    {
        const auto rest = block_.subspan(at_);
        const auto end = std::ranges::find(rest, std::byte{0});
        return end != rest.end() && skip(static_cast<std::size_t>(end - rest.begin()) + 1);
    }

private:
    Bytes block_;
    std::size_t at_ = 0;
};

Result<void> NodeTable::add_node(Tokens& tokens, Index parent)
{
    if (count_ == most) return failure(Error::no_space);
    const auto name = tokens.offset();
    if (!tokens.skip_string()) return failure(Error::invalid);
    entries_[count_++] = {name, tokens.offset(), parent, 0};
    return {};
}

Result<void> NodeTable::read(Bytes structure, Bytes strings)
{
    structure_ = structure;
    strings_ = reinterpret_cast<const char*>(strings.data());
    count_ = 0;

    Tokens tokens{structure_};
    const auto skip_property = [&] {
        const auto size = tokens.word();
        const auto name = tokens.word();
        // The block's last byte is checked below, so every name in it ends.
        return size && name && *name < strings.size() && tokens.skip(*size);
    };
    if (!strings.empty() && strings.back() != std::byte{0}) return failure(Error::invalid);
    if (tokens.word() != format::begin_node) return failure(Error::invalid);
    if (auto added = add_node(tokens, root); !added) return added;
    if (!name(root).empty()) return failure(Error::invalid);
    Index node = root;
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

std::string_view NodeTable::name(Index node) const
{
    return reinterpret_cast<const char*>(structure_.data() + entries_[node].name);
}

} // namespace bulkhead::devicetree
