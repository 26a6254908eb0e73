#pragma once

#include "base/fixed_vector.hpp"
#include "base/report.hpp"
#include "base/types.hpp"
#include "device/guest_layout.hpp"
#include "devicetree/boot_module.hpp"
#include "devicetree/tree.hpp"
#include "domain/shutdown.hpp"
#include "sched/scheduler.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::boot {

/// What a `xen,domain` node below /chosen asks for. Strings point into the tree.
struct DomainDescription {
    devicetree::Node node;
    /// 1, 2, 3 ... in the tree's order, counting those with errors.
    DomainId id;
    /// The node's, or bulkhead,name.
    std::string_view name;
    /// Something about it was reported as an error: it must not be built.
    bool is_wrong = false;

    std::uint64_t memory = 0; // in bytes
    unsigned vcpus = 0;
    /// Ranges of the host's that its RAM is to be; 0: any.
    unsigned static_ranges = 0;
    device::guest_layout::Places places = device::guest_layout::gicv3_places;
    bool vpl011 = false;
    bool vpmu = false;
    /// The longest vectors that it may have; 0: no SVE.
    unsigned sve_bits = 0;
    /// The guest is told that it may use Xen's interface: hypercalls and events.
    bool enhanced = false;
    std::optional<unsigned> nr_spis;
    /// Where nothing is, the guest reads ones and writes nothing; otherwise it gets an abort.
    bool ignores_unmapped = false;

    domain::ShutdownAction on_reset = domain::ShutdownAction::restart;
    domain::ShutdownAction on_crash = domain::ShutdownAction::stop;
    /// The guest has to pet its watchdog in this time; 0: it has none.
    std::uint32_t watchdog_ms = 0;

    devicetree::BootModule kernel;
    std::optional<devicetree::BootModule> ramdisk;
    /// The partial tree of the devices that it gets, opened by assign_devices.
    std::optional<devicetree::BootModule> device_tree;
    std::optional<devicetree::Tree> devices;

    /// Where each vCPU may run, and from place_vcpus on, where it does, or begins.
    std::array<CpuMask, max_cpus> hard_affinity{};
    std::array<CpuId, max_cpus> cpus{};
    /// From read_pools on: the number of its CPU pool, and that one's scheduler.
    std::uint8_t pool = 0;
    sched::Kind scheduler = sched::Kind::null;
};

using DomainDescriptions = FixedVector<DomainDescription, 32>;

/// What this host can give to one domain.
struct DomainLimits {
    unsigned cpus = 1;
    /// As many as the guest's interrupt controller knows, and as many as it can have where the
    /// host has its own.
    unsigned vcpus = 1;
    unsigned direct_vcpus = 1;
    /// The longest vectors that all CPUs have; 0: no SVE.
    unsigned sve_bits = 0;
    /// Where its devices are, and where they are with direct-map; vpl011 is empty if it has no
    /// place.
    device::guest_layout::Places places = device::guest_layout::gicv3_places;
    device::guest_layout::Places direct_places = {};
};

/// All domains of the tree, with everything that is wrong in them reported: node, property, value
/// and what would be right. A property that is not known is a warning.
void read_domains(const devicetree::Tree& tree, DomainLimits limits, DomainDescriptions& domains,
                  Report& report);

/// The `xen,vcpu` node of one.
std::optional<devicetree::Node> vcpu_node(const DomainDescription& domain, unsigned vcpu);
/// Where it would rather run.
CpuMask soft_affinity(const DomainDescription& domain, unsigned vcpu);

} // namespace bulkhead::boot
