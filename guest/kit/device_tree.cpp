#include "kit/device_tree.hpp"

#include <libfdt.h>

#include <span>

namespace bulkhead::guest {
namespace {

/// A property as big-endian 32-bit cells.
std::span<const fdt32_t> cells(const void* blob, int node, const char* property)
{
    int length = 0;
    const auto* data = static_cast<const fdt32_t*>(fdt_getprop(blob, node, property, &length));
    if (data == nullptr || length <= 0) return {};
    return {data, static_cast<std::size_t>(length) / sizeof(fdt32_t)};
}

std::uint64_t value(std::span<const fdt32_t> of)
{
    std::uint64_t result = 0;
    for (const auto cell : of)
        result = result << 32U | fdt32_to_cpu(cell);
    return result;
}

/// How many cells an address, or a size, of the bus's children has. (libfdt's own functions for
/// this would link its writing half into every guest.)
std::size_t address_cells(const void* blob, int bus)
{
    const auto count = cells(blob, bus, "#address-cells");
    return count.empty() ? 2 : fdt32_to_cpu(count[0]);
}

std::size_t size_cells(const void* blob, int bus)
{
    const auto count = cells(blob, bus, "#size-cells");
    return count.empty() ? 1 : fdt32_to_cpu(count[0]);
}

} // namespace

std::optional<DeviceTree> DeviceTree::at(const void* blob)
{
    if (blob == nullptr || fdt_check_header(blob) != 0) return std::nullopt;
    return DeviceTree{blob};
}

std::optional<DeviceTree::Node> DeviceTree::path(std::string_view path_or_alias) const
{
    if (path_or_alias.empty()) return std::nullopt;
    const int offset = fdt_path_offset_namelen(blob_, path_or_alias.data(),
                                               static_cast<int>(path_or_alias.size()));
    if (offset < 0) return std::nullopt;
    return Node{offset};
}

std::optional<DeviceTree::Node> DeviceTree::compatible(const char* compatible,
                                                       std::optional<Node> after) const
{
    int offset = after ? after->offset_ : -1;
    while ((offset = fdt_node_offset_by_compatible(blob_, offset, compatible)) >= 0)
        if (enabled(offset)) return Node{offset};
    return std::nullopt;
}

std::optional<DeviceTree::Node> DeviceTree::device_type(std::string_view type,
                                                        std::optional<Node> after) const
{
    int offset = after ? after->offset_ : -1;
    while ((offset = fdt_node_offset_by_prop_value(blob_, offset, "device_type", type.data(),
                                                   static_cast<int>(type.size() + 1))) >= 0)
        if (enabled(offset)) return Node{offset};
    return std::nullopt;
}

bool DeviceTree::is_compatible(Node node, const char* compatible) const
{
    return fdt_node_check_compatible(blob_, node.offset_, compatible) == 0;
}

std::string_view DeviceTree::text(Node node, const char* property) const
{
    int length = 0;
    const auto* data =
        static_cast<const char*>(fdt_getprop(blob_, node.offset_, property, &length));
    if (data == nullptr || length <= 0 || data[length - 1] != '\0') return {};
    return data;
}

std::optional<std::uint32_t> DeviceTree::number(Node node, const char* property) const
{
    const auto found = cells(blob_, node.offset_, property);
    if (found.empty()) return std::nullopt;
    return fdt32_to_cpu(found[0]);
}

std::optional<Range> DeviceTree::reg(Node node, unsigned index) const
{
    const int bus = fdt_parent_offset(blob_, node.offset_);
    const auto address_size = address_cells(blob_, bus);
    const auto size_size = size_cells(blob_, bus);
    const auto all = cells(blob_, node.offset_, "reg");
    const auto entry_size = address_size + size_size;
    if (entry_size == 0 || (index + 1) * entry_size > all.size()) return std::nullopt;
    const auto entry = all.subspan(index * entry_size, entry_size);
    const auto start = translate(bus, value(entry.first(address_size)));
    if (!start) return std::nullopt;
    return Range{.start = *start, .size = value(entry.subspan(address_size))};
}

std::optional<std::uint64_t> DeviceTree::unit(Node node) const
{
    const auto size = address_cells(blob_, fdt_parent_offset(blob_, node.offset_));
    const auto all = cells(blob_, node.offset_, "reg");
    if (size == 0 || all.size() < size) return std::nullopt;
    return value(all.first(size));
}

std::optional<Interrupt> DeviceTree::interrupt(Node node, unsigned index) const
{
    constexpr std::size_t entry_size = 3; // kind, number, flags
    const auto all = cells(blob_, node.offset_, "interrupts");
    if ((index + 1) * entry_size > all.size()) return std::nullopt;
    const auto entry = all.subspan(index * entry_size, entry_size);
    const auto number = fdt32_to_cpu(entry[1]);
    // Flags: 1 rising, 2 falling edge, 4 high, 8 low level.
    return Interrupt{.intid = fdt32_to_cpu(entry[0]) == 1 ? ppi(number) : spi(number),
                     .trigger =
                         (fdt32_to_cpu(entry[2]) & 3U) != 0 ? Trigger::edge : Trigger::level};
}

bool DeviceTree::enabled(int offset) const
{
    const auto status = text(Node{offset}, "status");
    return status.empty() || status == "okay" || status == "ok";
}

std::optional<std::uint64_t> DeviceTree::translate(int bus, std::uint64_t address) const
{
    // Upwards through each bus's `ranges`: child address, parent address, size. Present but empty
    // means the same addresses; absent means not reachable (Devicetree Specification, 2.3.8).
    for (int parent = fdt_parent_offset(blob_, bus); parent >= 0;
         bus = parent, parent = fdt_parent_offset(blob_, bus)) {
        int length = 0;
        if (fdt_getprop(blob_, bus, "ranges", &length) == nullptr) return std::nullopt;
        if (length == 0) continue;
        const auto child_size = address_cells(blob_, bus);
        const auto parent_size = address_cells(blob_, parent);
        const auto entry_size = child_size + parent_size + size_cells(blob_, bus);
        auto rest = cells(blob_, bus, "ranges");
        for (;; rest = rest.subspan(entry_size)) {
            if (entry_size == 0 || rest.size() < entry_size) return std::nullopt;
            const Range window{.start = value(rest.first(child_size)),
                               .size =
                                   value(rest.first(entry_size).subspan(child_size + parent_size))};
            if (!window.contains(address)) continue;
            address += value(rest.subspan(child_size, parent_size)) - window.start;
            break;
        }
    }
    return address;
}

} // namespace bulkhead::guest
