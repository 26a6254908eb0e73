#pragma once

#include "base/result.hpp"
#include "boot/command_line.hpp"
#include "boot/device_assignment.hpp"
#include "boot/domain_description.hpp"
#include "boot/guest_ram.hpp"
#include "boot/static_memory.hpp"
#include "devicetree/host_description.hpp"
#include "domain/domain.hpp"
#include "memory/physical_ranges.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace bulkhead::boot {

/// What building a domain takes from the host.
struct HostResources {
    const devicetree::HostDescription& description;
    const Options& options;
    /// SPIs of the host's GIC: as many as a domain has that does not say.
    std::uint32_t spis = 0;
    /// GICv2: the hardware's CPU interface for guests, two pages.
    PhysicalAddress virtual_cpu_interface{};
    /// The longest vectors that all CPUs have.
    unsigned sve_bits = 0;
    memory::PhysicalRanges& free_ram;
    /// The UART that is Bulkhead's.
    std::optional<devicetree::ConsoleUart> console = {};
    /// What of the devices is whose; null: all of them nobody's.
    const AssignedDevices* devices = nullptr;
    std::span<const SharedMemory> shared = {};
};

/// A domain's GIC is of the host's kind.
device::GicVersion gic_version(const devicetree::HostDescription& host);

/// Where things are in the guest's first bank.
struct Placement {
    GuestAddress kernel;
    GuestAddress kernel_end;
    GuestAddress device_tree;
    GuestAddress ramdisk;
};

/// Builds what a description asks for, at boot and at each restart: vCPUs on their CPUs, RAM with
/// kernel, ramdisk and device tree in it, devices. It is there, at its place, as long as the domain
/// is; so are the description, the tree that it points into, the modules and the host's resources.
class DomainBuild {
public:
    DomainBuild() = default;
    DomainBuild(const DomainDescription& description, const HostResources& host)
        : description_(&description), host_(&host)
    {
    }

    /// Takes all that it needs from the host, and makes the domain ready to start. False: what is
    /// wrong was reported.
    bool create(HostResources& host);
    void start();
    [[nodiscard]] domain::Domain& domain() const { return *domain_; }

private:
    bool fill();
    bool rebuild();
    bool complain(std::string_view what) const;

    const DomainDescription* description_ = nullptr;
    const HostResources* host_ = nullptr;
    domain::Domain* domain_ = nullptr;
    GuestRam ram_;
    Placement placement_;
};

} // namespace bulkhead::boot
