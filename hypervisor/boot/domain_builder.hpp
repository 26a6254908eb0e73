#pragma once

#include "base/result.hpp"
#include "boot/command_line.hpp"
#include "boot/domain_description.hpp"
#include "devicetree/host_description.hpp"
#include "domain/domain.hpp"
#include "memory/physical_ranges.hpp"

#include <cstdint>

namespace bulkhead::boot {

/// What building a domain takes from the host.
struct HostResources {
    const devicetree::HostDescription& description;
    const Options& options;
    /// SPIs of the host's GIC: as many as a domain has that does not say.
    std::uint32_t spis = 0;
    /// GICv2: the hardware's CPU interface for guests, two pages.
    PhysicalAddress virtual_cpu_interface;
    memory::PhysicalRanges& free_ram;
};

/// A domain's GIC is of the host's kind.
device::GicVersion gic_version(const devicetree::HostDescription& host);

/// A domain that is ready to start.
struct BuiltDomain {
    domain::Domain* domain = nullptr;
    GuestAddress entry;
    GuestAddress device_tree;
};

/// Builds what `description` asks for: vCPUs on their CPUs, RAM with kernel, ramdisk and device
/// tree in it, devices. What is wrong was reported when an error comes back.
Result<BuiltDomain> build_domain(const DomainDescription& description, HostResources& host);

} // namespace bulkhead::boot
