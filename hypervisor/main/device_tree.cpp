#include "base/bits.hpp"
#include "base/read_only_after_boot.hpp"
#include "devicetree/format.hpp"
#include "machine/cpu.hpp"
#include "machine/memory.hpp"
#include "main/host.hpp"

namespace bulkhead::start {
namespace {

/// Written before it is read: clearing it would be a tenth of the boot.
UNINITIALISED_READ_ONLY_AFTER_BOOT devicetree::NodeTable::Entry room[devicetree::NodeTable::most];
INITIALISED_READ_ONLY_AFTER_BOOT constinit devicetree::NodeTable nodes{room};

} // namespace

devicetree::Tree open_device_tree(PhysicalAddress address)
{
    const auto header = devicetree::format::load_header(machine::map_physical(
        address, sizeof(devicetree::format::Header), machine::MapAccess::read_only));
    if (address.value() % 8 != 0 || header.magic != header.tree_magic)
        machine::halt("there is no device tree where x0 points");
    const std::size_t size = header.total_size;
    if (size > devicetree::Tree::max_size) machine::halt("the device tree is larger than 2 MiB");
    const auto* blob = machine::map_physical(address, size, machine::MapAccess::read_only);
    const auto tree = devicetree::Tree::open({blob, size}, nodes);
    if (!tree)
        machine::halt(tree.error() == Error::no_space ? "the device tree has over 4096 nodes"
                                                      : "the device tree is damaged");
    return *tree;
}

} // namespace bulkhead::start
