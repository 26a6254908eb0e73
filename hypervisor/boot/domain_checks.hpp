#pragma once

#include "base/report.hpp"
#include "boot/domain_description.hpp"
#include "boot/static_memory.hpp"
#include "devicetree/memory_map.hpp"
#include "memory/physical_ranges.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace bulkhead::boot {

/// Memory that something else is in.
struct Occupied {
    memory::PhysicalRange range;
    std::string_view by;
};

/// Of ranges of memory; an empty one overlaps nothing.
template <typename Range>
constexpr bool overlap(const Range& a, const Range& b)
{
    return a.size != 0 && b.size != 0 && a.start < b.end() && b.start < a.end();
}

/// Is the guest's RAM, GIC or UART in that window?
bool is_guests_own(const DomainDescription& domain, device::guest_layout::Window window);

/// Modules, static and shared memory have to be in RAM that is not reserved nor `occupied`, and
/// must not overlap, except that domains may have the same module, and what is the same shared
/// memory. Domains that have others are reported as wrong.
void check_claims(DomainDescriptions& domains, std::span<const SharedMemory> shared,
                  const devicetree::MemoryMap& memory, std::span<const Occupied> occupied,
                  Report& report);

/// Domains get their memory in the tree's order; the ones for which less than they ask for is left
/// are reported as wrong.
void check_memory(DomainDescriptions& domains, std::uint64_t free, Report& report);

} // namespace bulkhead::boot
