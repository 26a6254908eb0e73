#include "devicetree/tree.hpp"

#include "base/text.hpp"
#include "devicetree/format.hpp"

#include <algorithm>

namespace bulkhead::devicetree {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const std::byte>;

std::optional<Bytes> block(Bytes blob, std::uint32_t start, std::uint32_t size)
{
    if (start > blob.size() || size > blob.size() - start) return std::nullopt;
    return blob.subspan(start, size);
}

std::uint64_t load_number(const std::byte* from)
{
    return std::uint64_t{format::load(from)} << 32 | format::load(from + 4);
}

/// The reservation block without the entry that ends it, which has to come before the tree's end.
std::optional<Bytes> reservation_block(Bytes blob, std::uint32_t start)
{
    for (std::size_t size = 0; start + size + format::reservation_size <= blob.size();
         size += format::reservation_size) {
        const auto* const entry = blob.data() + start + size;
        if ((load_number(entry) | load_number(entry + 8)) == 0) return blob.subspan(start, size);
    }
    return std::nullopt;
}

} // namespace

Result<Tree> Tree::open(Bytes blob, NodeTable& nodes)
{
    if (blob.size() < sizeof(format::Header)) return failure(Error::invalid);
    const auto header = format::load_header(blob.data());
    if (header.magic != header.tree_magic || header.version < header.current_version ||
        header.compatible_version > header.current_version)
        return failure(Error::invalid);
    if (header.total_size > std::min(blob.size(), max_size)) return failure(Error::too_big);
    blob = blob.first(header.total_size);
    const auto structure = block(blob, header.structure, header.structure_size);
    const auto strings = block(blob, header.strings, header.strings_size);
    const auto reservations = reservation_block(blob, header.reservations);
    if (!structure || !strings || !reservations) return failure(Error::invalid);
    if (auto read = nodes.read(*structure, *strings); !read) return failure(read.error());
    return Tree{blob, *reservations, nodes};
}

template <typename Predicate>
std::optional<Node> Tree::first(Predicate predicate) const
{
    for (NodeTable::Index index = 0; index < nodes_->count(); ++index) {
        const Node node{*nodes_, index};
        if (predicate(node)) return node;
    }
    return std::nullopt;
}

std::optional<Node> Tree::at_path(std::string_view path) const
{
    if (!path.starts_with('/')) return std::nullopt;
    std::optional node = root();
    while (node && !path.empty())
        if (const auto name = text::split(path, '/'); !name.empty()) node = node->child(name);
    return node;
}

std::optional<Node> Tree::at_path_or_alias(std::string_view name) const
{
    name = text::split(name, ':');
    if (name.starts_with('/')) return at_path(name);
    const auto aliases = at_path("/aliases");
    const auto path = aliases ? aliases->string(name) : failure(Error::no_entry);
    return path ? at_path(*path) : std::nullopt;
}

std::optional<Node> Tree::with_phandle(std::uint32_t phandle) const
{
    if (phandle == 0 || phandle == ~0U) return std::nullopt;
    for (NodeTable::Index index = 0; index < nodes_->count(); ++index)
        if (nodes_->phandle(index) == phandle) return Node{*nodes_, index};
    return std::nullopt;
}

std::optional<Node> Tree::compatible_with(std::initializer_list<std::string_view> any) const
{
    return first([any](const Node& node) {
        const auto compatible = node.property("compatible"sv);
        return compatible &&
               std::ranges::any_of(any, [&](auto name) { return compatible->contains(name); }) &&
               node.is_enabled();
    });
}

std::size_t Tree::reservation_count() const
{
    return reservations_.size() / format::reservation_size;
}

memory::PhysicalRange Tree::reservation(std::size_t index) const
{
    const auto* const entry = reservations_.data() + index * format::reservation_size;
    return {.start = PhysicalAddress{load_number(entry)}, .size = load_number(entry + 8)};
}

} // namespace bulkhead::devicetree
