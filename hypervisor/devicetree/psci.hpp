#pragma once

#include "base/report.hpp"
#include "devicetree/tree.hpp"

#include <cstdint>
#include <optional>

namespace bulkhead::devicetree {

/// How the firmware's power control is called (Arm DEN 0022).
struct Psci {
    /// By HVC instead of SMC: the hypervisor below is someone's firmware.
    bool by_hvc = false;
    /// 0.2 or later, which has PSCI_VERSION, SYSTEM_OFF and SYSTEM_RESET; 0.1 has neither.
    bool is_standard = true;
    /// Function identifier of CPU_ON: the standard's, or what a 0.1 node says.
    std::uint32_t cpu_on = 0xc400'0003;
};

/// Nothing, without a word, when the tree has no PSCI node.
std::optional<Psci> read_psci(const Tree& tree, Report& report);

} // namespace bulkhead::devicetree
