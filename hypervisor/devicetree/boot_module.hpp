#pragma once

#include "base/fixed_vector.hpp"
#include "base/report.hpp"
#include "devicetree/tree.hpp"
#include "memory/physical_ranges.hpp"

#include <cstdint>
#include <string_view>

namespace bulkhead::devicetree {

/// An image that the boot loader left in memory (Xen's multiboot,module).
struct BootModule {
    enum class Kind : std::uint8_t { kernel, ramdisk, device_tree, xsm_policy, other };

    Node node;
    Kind kind{};
    memory::PhysicalRange range{};
    std::string_view bootargs{};
};

/// Xen's limit, with the NUL at the end.
inline constexpr std::size_t max_bootargs = 1024;

using BootModules = FixedVector<BootModule, 8>;

[[nodiscard]] bool is_boot_module(const Node& node);

/// The modules below /chosen, which are dom0's, or below a xen,domain node. A module without a
/// specific compatible string is a kernel if it is the first such, then a ramdisk. Failure, with
/// all reasons reported, when one cannot be read.
Result<BootModules> read_boot_modules(const Node& parent, Report& report);

/// Takes what all modules of the tree are in out of `ram`, dom0's and the domains', also those of
/// domains that turn out to be wrong: before anything is put into free memory. A module that cannot
/// be read is passed over here. no_space as PhysicalRanges::remove.
Result<void> remove_boot_modules(const Tree& tree, memory::PhysicalRanges& ram);

} // namespace bulkhead::devicetree
