#include "devicetree/psci.hpp"

namespace bulkhead::devicetree {

std::optional<Psci> read_psci(const Tree& tree, Report& report)
{
    const auto node = tree.compatible_with({"arm,psci-1.0", "arm,psci-0.2", "arm,psci"});
    if (!node) return std::nullopt;
    Psci psci;
    const auto method = node->string("method");
    if (method == "hvc") {
        psci.by_hvc = true;
    } else if (method != "smc") {
        report.error("{}: method has to be \"smc\" or \"hvc\"; PSCI is not used", node->path());
        return std::nullopt;
    }
    if (!node->is_compatible("arm,psci-1.0") && !node->is_compatible("arm,psci-0.2")) {
        const auto cpu_on = node->u32("cpu_on");
        if (!cpu_on) {
            report.error("{}: PSCI 0.1 needs the function identifier cpu_on; PSCI is not used",
                         node->path());
            return std::nullopt;
        }
        psci.is_standard = false;
        psci.cpu_on = *cpu_on;
    }
    return psci;
}

} // namespace bulkhead::devicetree
