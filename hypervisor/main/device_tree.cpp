#include "base/bits.hpp"
#include "machine/cpu.hpp"
#include "machine/memory.hpp"
#include "main/host.hpp"

#include <libfdt.h>

namespace bulkhead::start {

devicetree::Tree open_device_tree(PhysicalAddress address)
{
    // The header tells the size; it is within the first page, the tree being 8-byte aligned.
    const auto* header =
        machine::map_physical(address, sizeof(fdt_header), machine::MapAccess::read_only);
    if (address.value() % 8 != 0 || fdt_magic(header) != FDT_MAGIC)
        machine::halt("there is no device tree where x0 points");
    const std::size_t size = fdt_totalsize(header);
    if (size > devicetree::Tree::max_size) machine::halt("the device tree is larger than 2 MiB");
    const auto* blob = machine::map_physical(address, size, machine::MapAccess::read_only);
    const auto tree = devicetree::Tree::open({blob, size});
    if (!tree) machine::halt("the device tree is damaged");
    return *tree;
}

} // namespace bulkhead::start
