#include "devicetree/memory_map.hpp"

#include "devicetree/address.hpp"

namespace bulkhead::devicetree {
namespace {

using memory::PhysicalRange;
using namespace std::string_view_literals;

/// Gives every non-empty range of the node's reg to `take`; reports what is wrong with it.
Result<void> for_each_range(const Node& node, Report& report, auto&& take)
{
    for (std::size_t index = 0;; ++index) {
        const auto range = written_range(node, "reg", index);
        if (!range && range.error() == Error::no_entry) return {};
        if (!range) {
            report.error("{}: entry {} of reg is not an address and a size in the cells that its "
                         "parent declares, or passes the end of the address space",
                         node.path(), index);
            return failure(range.error());
        }
        if (range->size == 0) continue;
        if (const auto taken = take(*range); !taken) {
            report.error("{}: more pieces of memory than there is room to note", node.path());
            return taken;
        }
    }
}

bool is_memory(const Node& node)
{
    const auto name = node.name();
    if (name != "memory"sv && !name.starts_with("memory@"sv)) return false;
    const auto type = node.property("device_type");
    return type && type->contains("memory") && node.is_enabled();
}

} // namespace

Result<void> read_memory_map(const Tree& tree, MemoryMap& map, Report& report)
{
    Result<void> result;
    const auto note = [&result](Result<void> step) {
        if (!step) result = step;
    };
    for (const auto node : tree.root().children()) {
        if (is_memory(node))
            note(for_each_range(node, report, [&](PhysicalRange r) { return map.ram.add(r); }));
    }
    if (const auto reserved = tree.at_path("/reserved-memory")) {
        // A node without reg asks an operating system for any memory: nothing to keep free here.
        for (const auto node : reserved->children())
            note(for_each_range(node, report,
                                [&](PhysicalRange r) { return map.reserved.push(r); }));
    }
    for (std::size_t index = 0; index < tree.reservation_count(); ++index) {
        const auto range = tree.reservation(index);
        if (range.size != 0) note(map.header_reserved.push(range));
    }
    if (result && map.ram.total() == 0) {
        report.error("/memory: the tree describes no RAM; it needs a node memory@<address> with "
                     "device_type = \"memory\" and reg");
        return failure(Error::no_entry);
    }
    return result;
}

} // namespace bulkhead::devicetree
