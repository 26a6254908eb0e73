#pragma once
#include <cstdint>
#include <string>

namespace bulkhead::tool {

/// The instructions with which U-Boot's `booti` ends: device tree address into x0, zero into x1 to
/// x3, jump (Linux, Documentation/arm64/booting.rst).
///
/// QEMU's own `-kernel` and `-dtb` rewrite /memory as one bank of all RAM (wrong on zcu102 above
/// 2 GiB, where it would cover the devices) and add random seeds. With this stub, the tree reaches
/// the hypervisor byte for byte as it was written, on every machine.
std::string boot_stub(std::uint64_t entry, std::uint64_t device_tree);

} // namespace bulkhead::tool
