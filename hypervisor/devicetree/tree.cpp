#include "devicetree/tree.hpp"

#include "base/bits.hpp"
#include "base/text.hpp"
#include "devicetree/structure_check.hpp"

namespace bulkhead::devicetree {
namespace {

constexpr std::size_t header_size = sizeof(fdt_header);
/// Version 17 (2005) added the size of the structure block, without which it has no checkable end.
constexpr std::uint32_t oldest_version = 17;

} // namespace

Result<Tree> Tree::open(std::span<const std::byte> blob)
{
    // libfdt reads the reservation block as 64-bit numbers (Devicetree Specification 0.4, 5.6).
    if (!is_aligned(reinterpret_cast<std::uintptr_t>(blob.data()), 8))
        return failure(Error::invalid);
    if (blob.size() < header_size || fdt_check_header(blob.data()) != 0 ||
        fdt_version(blob.data()) < oldest_version)
        return failure(Error::invalid);
    const std::size_t size = fdt_totalsize(blob.data());
    if (size > blob.size() || size > max_size) return failure(Error::too_big);
    if (!is_sound_structure(blob.first(size), max_depth) || fdt_num_mem_rsv(blob.data()) < 0)
        return failure(Error::invalid);
    return Tree{blob.data()};
}

std::span<const std::byte> Tree::blob() const
{
    return {static_cast<const std::byte*>(blob_), fdt_totalsize(blob_)};
}

std::optional<Node> Tree::at_path(std::string_view path) const
{
    // libfdt would take what does not start with a slash for an alias, and follow it even in a
    // ring.
    if (!path.starts_with('/')) return std::nullopt;
    const int offset = fdt_path_offset_namelen(blob_, path.data(), static_cast<int>(path.size()));
    if (offset < 0) return std::nullopt;
    return Node{blob_, offset};
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
    const int offset = fdt_node_offset_by_phandle(blob_, phandle);
    if (offset < 0) return std::nullopt;
    return Node{blob_, offset};
}

std::optional<Node> Tree::compatible_with(std::initializer_list<std::string_view> any) const
{
    for (int offset = 0; offset >= 0; offset = fdt_next_node(blob_, offset, nullptr)) {
        const Node node{blob_, offset};
        for (const auto name : any) {
            if (node.is_compatible(name) && node.is_enabled()) return node;
        }
    }
    return std::nullopt;
}

int Tree::reservation_count() const { return fdt_num_mem_rsv(blob_); }

memory::PhysicalRange Tree::reservation(int index) const
{
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    if (fdt_get_mem_rsv(blob_, index, &start, &size) != 0) return {};
    return {.start = PhysicalAddress{start}, .size = size};
}

} // namespace bulkhead::devicetree
