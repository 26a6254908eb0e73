#include "devicetree/host_description.hpp"

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
    for (const auto& part : parts) {
        if (!part) return part;
    }
    return {};
}

} // namespace bulkhead::devicetree
