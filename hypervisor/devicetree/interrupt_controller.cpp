#include "devicetree/interrupt_controller.hpp"

#include "devicetree/address.hpp"
#include "devicetree/interrupt.hpp"

#include <algorithm>

namespace bulkhead::devicetree {
namespace {

using memory::PhysicalRange;

/// GICv2 has four parts; GICv3 has one and the redistributors, of which more than CPUs are no use.
std::uint32_t part_count(const Node& node, const InterruptController& gic)
{
    if (gic.version == GicVersion::v2) return 4;
    const auto regions = node.u32("#redistributor-regions").value_or(1);
    return 1 + std::clamp<std::uint32_t>(regions, 1, gic.redistributors.capacity);
}

Result<void> read_parts(const Node& node, InterruptController& gic, Report& report)
{
    PhysicalRange* const parts[] = {&gic.distributor, &gic.cpu_interface, &gic.virtual_control,
                                    &gic.virtual_cpu_interface};
    const auto count = part_count(node, gic);
    for (std::uint32_t index = 0; index < count; ++index) {
        const auto range = registers(node, index).value_or(PhysicalRange{});
        if (range.size == 0) {
            report.error("{}: reg has to list {} parts of the GIC, but entry {} is not usable "
                         "(GICv2: GICD, GICC, GICH, GICV; GICv3: GICD, GICR ...)",
                         node.path(), count, index);
            return failure(Error::invalid);
        }
        if (gic.version == GicVersion::v2 || index == 0)
            *parts[index] = range;
        else
            static_cast<void>(gic.redistributors.push(range));
    }
    gic.redistributor_stride = node.number("redistributor-stride").value_or(0);
    return {};
}

} // namespace

Result<void> read_interrupt_controller(const Tree& tree, InterruptController& gic, Report& report)
{
    auto node = tree.compatible_with({"arm,gic-v3"});
    if (node) {
        gic.version = GicVersion::v3;
    } else {
        gic.version = GicVersion::v2;
        node = tree.compatible_with({"arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a7-gic"});
    }
    if (!node) {
        report.error("the tree has no enabled interrupt controller compatible with arm,gic-v3, "
                     "arm,gic-400, arm,cortex-a15-gic or arm,cortex-a7-gic");
        return failure(Error::no_device);
    }
    const auto parts = read_parts(*node, gic, report);
    const auto maintenance = interrupt(tree, *node, 0);
    if (!maintenance) {
        report.error("{}: interrupts has to name the GIC's maintenance interrupt; without one it "
                     "has no virtualization",
                     node->path());
    }
    if (!parts || !maintenance) return failure(Error::invalid);
    gic.maintenance = maintenance->intid;
    return {};
}

} // namespace bulkhead::devicetree
