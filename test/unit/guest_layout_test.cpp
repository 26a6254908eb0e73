#include "device/guest_layout.hpp"

// Xen's own public header, for the other architecture: only its constants are used here.
#define __XEN_TOOLS__ 1
#define xen_mk_ullong(number) number##ULL
#include <iterator>
#include <xen/xen-compat.h>

#include <xen/arch-arm.h>

namespace bulkhead::device::guest_layout {
namespace {

constexpr bool is(Window window, std::uint64_t start, std::uint64_t size)
{
    return window.start == GuestAddress{start} && window.size == size;
}

// The guest layout is the one that Xen 4.17 publishes.
static_assert(is(gicv2_distributor, GUEST_GICD_BASE, GUEST_GICD_SIZE));
static_assert(is(gicv2_cpu_interface, GUEST_GICC_BASE, GUEST_GICC_SIZE));
static_assert(is(gicv3_distributor, GUEST_GICV3_GICD_BASE, GUEST_GICV3_GICD_SIZE));
static_assert(is(gicv3_redistributors, GUEST_GICV3_GICR0_BASE, GUEST_GICV3_GICR0_SIZE));
static_assert(is(vpl011, GUEST_PL011_BASE, GUEST_PL011_SIZE));
static_assert(is(grant_table, GUEST_GNTTAB_BASE, GUEST_GNTTAB_SIZE));
static_assert(is(ram[0], GUEST_RAM0_BASE, GUEST_RAM0_SIZE));
static_assert(is(ram[1], GUEST_RAM1_BASE, GUEST_RAM1_SIZE));
static_assert(std::size(ram) == GUEST_RAM_BANKS);
static_assert(virtual_timer == Intid{GUEST_TIMER_VIRT_PPI});
static_assert(secure_physical_timer == Intid{GUEST_TIMER_PHYS_S_PPI});
static_assert(physical_timer == Intid{GUEST_TIMER_PHYS_NS_PPI});
static_assert(event_interrupt == Intid{GUEST_EVTCHN_PPI});
static_assert(vpl011_interrupt == Intid{GUEST_VPL011_SPI});
static_assert(gicv3_max_vcpus == GUEST_MAX_VCPUS);

} // namespace
} // namespace bulkhead::device::guest_layout
