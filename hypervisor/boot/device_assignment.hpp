#pragma once

#include "boot/domain_checks.hpp"
#include "boot/domain_description.hpp"
#include "devicetree/console_uart.hpp"
#include "devicetree/host_description.hpp"
#include "domain/domain.hpp"

#include <optional>
#include <span>

namespace bulkhead::boot {

/// Registers of a device of the host's that are a domain's: whole pages.
struct AssignedRegisters {
    const DomainDescription* domain = nullptr;
    GuestAddress guest;
    memory::PhysicalRange host;
};

/// An SPI of the host's that is a domain's, with the same number.
struct AssignedInterrupt {
    const DomainDescription* domain = nullptr;
    Intid intid;
};

/// The devices of all domains that have some; nothing is in it twice.
struct AssignedDevices {
    FixedVector<AssignedRegisters, 128> registers;
    FixedVector<AssignedInterrupt, 256> interrupts;
};

/// The host's devices, and what no domain may have of them.
struct HostDevices {
    const devicetree::Tree& tree;
    const devicetree::HostDescription& description;
    std::span<const Occupied> occupied = {};
    std::span<const SharedMemory> shared = {};
    /// Bulkhead's own.
    std::optional<Intid> console_interrupt = {};
    /// Of the host's GIC.
    unsigned spis = 0;
};

/// Reads the partial trees of the domains (Xen's passthrough binding, xen-arm.md 2.9), whose
/// modules were checked. A domain whose tree asks for what it cannot have is reported as wrong: for
/// RAM, for what is Bulkhead's or another domain's, or for a place where it has something already.
void assign_devices(DomainDescriptions& domains, const HostDevices& host, AssignedDevices& devices,
                    Report& report);

/// Gives a domain that is being built its devices: maps their registers, routes their interrupts.
Result<void> attach_devices(const AssignedDevices& devices, const DomainDescription& description,
                            domain::Domain& domain);

} // namespace bulkhead::boot
