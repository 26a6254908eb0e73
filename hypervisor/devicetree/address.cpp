#include "devicetree/address.hpp"

namespace bulkhead::devicetree {
namespace {

using memory::PhysicalRange;

bool wraps(PhysicalRange range) { return range.end() < range.start; }

/// Where `bus`, whose parent is `above`, puts a range of its children's addresses.
Result<PhysicalRange> translate(const Node& bus, const Node& above, PhysicalRange range)
{
    const auto ranges = bus.property("ranges");
    if (!ranges) return failure(Error::bad_address);
    if (ranges->empty()) return range;
    const std::uint64_t child_cells = bus.address_cells();
    const std::uint64_t parent_cells = above.address_cells();
    const std::uint64_t size_cells = bus.size_cells();
    const auto entry = child_cells + parent_cells + size_cells;
    if (entry == 0) return failure(Error::invalid);
    for (std::uint64_t at = 0; at + entry <= ranges->cell_count(); at += entry) {
        const auto child = ranges->cells(at, child_cells);
        const auto parent = ranges->cells(at + child_cells, parent_cells);
        const auto size = ranges->cells(at + child_cells + parent_cells, size_cells);
        if (!child || !parent || !size) return failure(Error::invalid);
        const auto distance = range.start.value() - *child;
        if (range.start.value() < *child || distance >= *size || range.size > *size - distance)
            continue;
        range.start = PhysicalAddress{*parent + distance};
        if (wraps(range)) return failure(Error::invalid);
        return range;
    }
    return failure(Error::bad_address);
}

} // namespace

Result<PhysicalRange> written_range(const Node& node, std::string_view property, std::size_t index)
{
    const auto list = node.property(property);
    const auto parent = node.parent();
    if (!list || !parent) return failure(Error::no_entry);
    return written_range(*list, index, parent->address_cells(), parent->size_cells());
}

Result<PhysicalRange> written_range(const Property& list, std::size_t index,
                                    std::uint64_t address_cells, std::uint64_t size_cells)
{
    const auto at = (address_cells + size_cells) * index;
    if (at >= list.cell_count()) return failure(Error::no_entry);
    const auto address = list.cells(at, address_cells);
    const auto size = list.cells(at + address_cells, size_cells);
    if (!address || !size) return failure(Error::invalid);
    const PhysicalRange range{.start = PhysicalAddress{*address}, .size = *size};
    if (wraps(range)) return failure(Error::invalid);
    return range;
}

Result<PhysicalRange> registers(const Node& node, std::size_t index)
{
    auto range = written_range(node, "reg", index);
    auto bus = node.parent();
    while (range && bus) {
        const auto above = bus->parent();
        if (!above) break;
        range = translate(*bus, *above, *range);
        bus = above;
    }
    return range;
}

} // namespace bulkhead::devicetree
