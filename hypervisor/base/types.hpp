#pragma once

#include "base/strong_integer.hpp"

#include <cstddef>
#include <cstdint>

namespace bulkhead {

/// An address on the host's bus.
using PhysicalAddress = StrongInteger<struct PhysicalAddressTag, std::uint64_t>;
/// An intermediate physical address: what a guest believes to be physical.
using GuestAddress = StrongInteger<struct GuestAddressTag, std::uint64_t>;
/// An address of the guest's own translation, as its pointers are.
using VirtualAddress = StrongInteger<struct VirtualAddressTag, std::uint64_t>;

/// Host and guest page frame numbers, in units of page_size.
using Mfn = StrongInteger<struct MfnTag, std::uint64_t>;
using Gfn = StrongInteger<struct GfnTag, std::uint64_t>;

using DomainId = StrongInteger<struct DomainIdTag, std::uint16_t>;
/// Position of a vCPU in its domain, from 0.
using VcpuId = StrongInteger<struct VcpuIdTag, std::uint32_t>;
/// Position of a physical CPU, in the order of the host's device tree with the boot CPU first.
using CpuId = StrongInteger<struct CpuIdTag, std::uint32_t>;
/// Interrupt number of the GIC architecture: SGI 0-15, PPI 16-31, SPI 32-1019.
using Intid = StrongInteger<struct IntidTag, std::uint32_t>;
/// Number of an event channel in its domain.
using Port = StrongInteger<struct PortTag, std::uint32_t>;
/// The system counter's ticks (CNTPCT_EL0).
using Ticks = StrongInteger<struct TicksTag, std::uint64_t>;

inline constexpr std::size_t page_shift = 12;
inline constexpr std::size_t page_size = std::size_t{1} << page_shift;
inline constexpr std::size_t cache_line = 64;

/// Capacity of tables that are indexed by CPU. Xen on Arm has 128; a static partition of an
/// embedded chip has far fewer, and every table is this long.
inline constexpr std::size_t max_cpus = 32;

/// A set of physical CPUs: bit n is CpuId n.
using CpuMask = std::uint64_t;
static_assert(max_cpus < 64);
inline constexpr CpuMask all_cpus = (CpuMask{1} << max_cpus) - 1;

constexpr Mfn frame_of(PhysicalAddress address) { return Mfn{address.value() >> page_shift}; }
constexpr Gfn frame_of(GuestAddress address) { return Gfn{address.value() >> page_shift}; }
constexpr PhysicalAddress address_of(Mfn frame)
{
    return PhysicalAddress{frame.value() << page_shift};
}
constexpr GuestAddress address_of(Gfn frame) { return GuestAddress{frame.value() << page_shift}; }

namespace literals {
constexpr std::uint64_t operator""_KiB(unsigned long long n) { return n << 10; }
constexpr std::uint64_t operator""_MiB(unsigned long long n) { return n << 20; }
constexpr std::uint64_t operator""_GiB(unsigned long long n) { return n << 30; }
} // namespace literals

} // namespace bulkhead
