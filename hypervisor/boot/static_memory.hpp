#pragma once

#include "base/fixed_vector.hpp"
#include "base/report.hpp"
#include "boot/domain_description.hpp"
#include "devicetree/tree.hpp"
#include "memory/physical_ranges.hpp"

#include <cstddef>
#include <span>
#include <string_view>

/// Memory that domains have by its address on the host (Xen's static memory and static shared
/// memory, xen-arm.md 2.4 and 2.8).
namespace bulkhead::boot {

/// Entry `index` of a domain's xen,static-mem, in the cells that the domain's node says for it, or
/// in those of /chosen. no_entry past the end; invalid unless it is whole pages that exist.
Result<memory::PhysicalRange> static_memory(const devicetree::Node& domain, std::size_t index);

/// A `xen,domain-shared-memory-v1` node: what a domain has of a region that others may have too.
struct SharedMemory {
    DomainDescription* domain = nullptr;
    devicetree::Node node{};
    /// The region's name.
    std::string_view id{};
    GuestAddress guest{};
    memory::PhysicalRange host{};
    /// Its place on the host is the tree's word.
    bool is_placed = false;
    bool is_owner = false;
};

using SharedMemories = FixedVector<SharedMemory, 64>;

/// What the nodes of all domains say, with places out of `free` for regions without one. A domain
/// with a node that is wrong in itself, or for that domain, or that does not agree with others of
/// its region is reported as wrong.
void read_shared_memory(DomainDescriptions& domains, memory::PhysicalRanges& free,
                        SharedMemories& all, Report& report);

/// Before any of their domains is built; restarts leave it as it is.
void clear_shared_memory(std::span<const SharedMemory> all);

/// Has the domain some of it in that window of its guest's?
bool is_shared(std::span<const SharedMemory> all, const DomainDescription& domain,
               device::guest_layout::Window window);

/// The RAM that nobody has a claim to, out of `ram`: the part that /chosen's xen,static-heap
/// leaves, without the memory that domains name, whether they turn out to be right or wrong.
/// invalid when the heap is not whole pages of `ram`; no_space as PhysicalRanges::remove.
Result<void> remove_static_memory(const devicetree::Tree& tree, memory::PhysicalRanges& ram);

} // namespace bulkhead::boot
