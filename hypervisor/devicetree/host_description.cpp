#include "devicetree/host_description.hpp"

#include "devicetree/interrupt.hpp"

namespace bulkhead::devicetree {

Result<void> read_host(const Tree& tree, std::uint64_t boot_affinity, HostDescription& host,
                       Report& report)
{
    const Result<void> parts[] = {
        read_memory_map(tree, host.memory, report),
        read_processors(tree, boot_affinity, host.processors, report),
        read_interrupt_controller(tree, host.interrupt_controller, report),
        read_timer(tree, host.timer, report),
    };
    host.psci = read_psci(tree, report);
    if (const auto pmu = tree.compatible_with(
            {"arm,armv8-pmuv3", "arm,cortex-a53-pmu", "arm,cortex-a57-pmu", "arm,cortex-a72-pmu"}))
        if (const auto found = interrupt(tree, *pmu, 0); found && found->intid < Intid{32})
            host.pmu_interrupt = found->intid;
    for (const auto& part : parts) {
        if (!part) return part;
    }
    return {};
}

} // namespace bulkhead::devicetree
