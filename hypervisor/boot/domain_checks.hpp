#pragma once

#include "base/report.hpp"
#include "boot/domain_description.hpp"
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

/// Modules have to be in RAM that is not reserved nor `occupied`, and must not overlap, except that
/// domains may share one. Domains that have others are reported as wrong.
void check_modules(DomainDescriptions& domains, const devicetree::MemoryMap& memory,
                   std::span<const Occupied> occupied, Report& report);

/// Domains get their memory in the tree's order; the ones for which less than they ask for is left
/// are reported as wrong.
void check_memory(DomainDescriptions& domains, std::uint64_t free, Report& report);

} // namespace bulkhead::boot
