#pragma once

#include "base/types.hpp"

#include <cstdint>

/// The machine that every guest sees: Xen 4.17's guest layout (public/arch-arm.h), which its tools
/// and RTOS ports have compiled in.
namespace bulkhead::device::guest_layout {

struct Window {
    GuestAddress start;
    std::uint64_t size;

    [[nodiscard]] constexpr GuestAddress end() const { return start + size; }
};

inline constexpr Window gicv2_distributor{GuestAddress{0x0300'1000}, 0x1000};
inline constexpr Window gicv2_cpu_interface{GuestAddress{0x0300'2000}, 0x2000};
inline constexpr Window gicv3_distributor{GuestAddress{0x0300'1000}, 0x1'0000};
/// 128 KiB for each of 128 vCPUs.
inline constexpr Window gicv3_redistributors{GuestAddress{0x0302'0000}, 0x0100'0000};
inline constexpr Window vpl011{GuestAddress{0x2200'0000}, 0x1000};
inline constexpr Window grant_table{GuestAddress{0x3800'0000}, 0x0100'0000};
inline constexpr Window ram[] = {{GuestAddress{0x4000'0000}, 0xc000'0000},
                                 {GuestAddress{0x2'0000'0000}, 0xfe'0000'0000}};

inline constexpr Intid hypervisor_timer{26}; // of an EL2 that guests have not: named, never pending
inline constexpr Intid virtual_timer{27};
inline constexpr Intid secure_physical_timer{29};
inline constexpr Intid physical_timer{30};
inline constexpr Intid event_interrupt{31};
inline constexpr Intid vpl011_interrupt{32};

/// Where a guest's devices are: there, or with direct-map at the places of the host's, as its RAM.
struct Places {
    Window distributor;
    /// GICv2's CPU interface, GICv3's redistributors.
    Window cpus;
    Window vpl011{guest_layout::vpl011};
    Intid vpl011_interrupt{guest_layout::vpl011_interrupt};
    bool direct_map = false;
};
inline constexpr Places gicv2_places{gicv2_distributor, gicv2_cpu_interface};
inline constexpr Places gicv3_places{gicv3_distributor, gicv3_redistributors};

inline constexpr std::uint32_t gic_phandle = 65000;
/// GICv2 names CPUs by a bit of 8; GICv3 has the redistributors' window.
inline constexpr unsigned gicv2_max_vcpus = 8;
inline constexpr unsigned gicv3_max_vcpus = 128;
inline constexpr std::uint64_t gicv3_redistributor_size = 0x2'0000;

} // namespace bulkhead::device::guest_layout
