#include "devicetree/interrupt_controller.hpp"

#include "devicetree/address.hpp"
#include "devicetree/interrupt.hpp"

namespace bulkhead::devicetree {
namespace {

/// The registers of one part of the GIC; says which one is missing.
Result<memory::PhysicalRange> part(const Node& node, std::size_t index, std::string_view what,
                                   Report& report)
{
    const auto range = registers(node, index);
    if (range && range->size != 0) return range;
    report.error("{}: entry {} of reg has to be the GIC's {}", node.path().text(), index, what);
    return failure(Error::invalid);
}

Result<void> read_v2(const Node& node, InterruptController& gic, Report& report)
{
    const auto cpu_interface = part(node, 1, "CPU interface (GICC)", report);
    const auto control = part(node, 2, "virtual interface control (GICH)", report);
    const auto virtual_interface = part(node, 3, "virtual CPU interface (GICV)", report);
    if (!cpu_interface || !control || !virtual_interface) return failure(Error::invalid);
    gic.cpu_interface = *cpu_interface;
    gic.virtual_control = *control;
    gic.virtual_cpu_interface = *virtual_interface;
    return {};
}

Result<void> read_v3(const Node& node, InterruptController& gic, Report& report)
{
    const auto regions = node.u32("#redistributor-regions").value_or(1);
    if (regions == 0 || regions > gic.redistributors.capacity) {
        report.error("{}: #redistributor-regions = {}, but 1 to {} can be used", node.path().text(),
                     regions, gic.redistributors.capacity);
        return failure(Error::invalid);
    }
    for (std::size_t index = 1; index <= regions; ++index) {
        const auto region = part(node, index, "redistributors (GICR)", report);
        if (!region) return failure(Error::invalid);
        (void)gic.redistributors.push(*region);
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
    const auto distributor = part(*node, 0, "distributor (GICD)", report);
    const auto rest =
        gic.version == GicVersion::v3 ? read_v3(*node, gic, report) : read_v2(*node, gic, report);
    const auto maintenance = interrupt(tree, *node, 0);
    if (!maintenance) {
        report.error("{}: interrupts has to name the GIC's maintenance interrupt; without one it "
                     "has no virtualization",
                     node->path().text());
    }
    if (!distributor || !rest || !maintenance) return failure(Error::invalid);
    gic.distributor = *distributor;
    gic.maintenance = maintenance->intid;
    return {};
}

} // namespace bulkhead::devicetree
