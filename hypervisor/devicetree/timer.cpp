#include "devicetree/timer.hpp"

#include "devicetree/interrupt.hpp"

namespace bulkhead::devicetree {

Result<void> read_timer(const Tree& tree, Timer& timer, Report& report)
{
    const auto node = tree.compatible_with({"arm,armv8-timer", "arm,armv7-timer"});
    if (!node) {
        report.error("the tree has no enabled timer compatible with arm,armv8-timer");
        return failure(Error::no_device);
    }
    Intid* const in_order[] = {&timer.secure_physical, &timer.physical, &timer.virtual_,
                               &timer.hypervisor};
    std::size_t index = 0;
    for (auto* intid : in_order) {
        const auto found = interrupt(tree, *node, index++);
        if (!found || found->intid < Intid{16} || found->intid > Intid{31}) {
            report.error("{}: interrupts has to list four PPIs: secure physical, physical, virtual "
                         "and hypervisor timer; number {} is none",
                         node->path(), index);
            return failure(Error::invalid);
        }
        *intid = found->intid;
    }
    timer.clock_frequency = node->u32("clock-frequency").value_or(0);
    return {};
}

} // namespace bulkhead::devicetree
