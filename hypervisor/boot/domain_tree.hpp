#pragma once

#include "base/result.hpp"
#include "boot/static_memory.hpp"
#include "device/guest_layout.hpp"
#include "device/vgic.hpp"
#include "devicetree/tree.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace bulkhead::boot {

/// A guest's machine, as far as its device tree tells.
struct DomainMachine {
    std::span<const device::guest_layout::Window> memory;
    std::optional<device::guest_layout::Window> ramdisk;
    std::string_view bootargs;
    unsigned vcpus = 1;
    device::GicVersion gic = device::GicVersion::v3;
    device::guest_layout::Places places = device::guest_layout::gicv3_places;
    bool vpl011 = false;
    bool watchdog = false;
    std::optional<Intid> pmu = std::nullopt;
    /// It has Xen's interface.
    bool enhanced = false;
    /// The host's: compatible of its CPUs, a list of strings; clock-frequency of its CPUs and of
    /// its timer, 0 where it has none.
    std::span<const std::byte> cpu_compatible;
    std::uint32_t cpu_clock_frequency = 0;
    std::uint32_t timer_clock_frequency = 0;
    /// The partial tree of the devices that are handed to the domain.
    std::optional<devicetree::Tree> devices = {};
    /// What of the shared memory is this domain's.
    const DomainDescription* domain = nullptr;
    std::span<const SharedMemory> shared = {};
};

/// What in a partial tree is for the hypervisor.
inline constexpr std::string_view assignment_properties[] = {"xen,reg", "xen,path",
                                                             "xen,force-assign-without-iommu"};

/// The phandle of the guest's GIC: the one that the partial tree's node /gic has.
std::uint32_t gic_phandle_of(const std::optional<devicetree::Tree>& devices);

/// Writes the tree that Xen 4.17 gives to a domain of the device tree, node for node, with what
/// guests other than Linux look for besides. `buffer` is
/// aligned to 8 bytes; no_space when it is too small, too_big with more than 16 banks of memory.
Result<std::span<const std::byte>> write_domain_tree(const DomainMachine& machine,
                                                     std::span<std::byte> buffer);

} // namespace bulkhead::boot
