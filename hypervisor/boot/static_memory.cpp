#include "boot/static_memory.hpp"

#include "base/bits.hpp"
#include "boot/complaints.hpp"
#include "boot/domain_checks.hpp"
#include "boot/guest_ram.hpp"
#include "devicetree/address.hpp"
#include "machine/memory.hpp"
#include "memory/stage2_map.hpp"

#include <algorithm>
#include <ranges>

namespace bulkhead::boot {
namespace {

using devicetree::Node;
using memory::PhysicalRange;
using namespace literals;

constexpr std::string_view shared_memory_node = "xen,domain-shared-memory-v1";
/// Xen's limit, without the NUL.
constexpr std::size_t longest_id = 15;

bool are_whole_pages(std::uint64_t start, std::uint64_t size)
{
    return is_aligned(start | size, page_size) && start < start + size;
}

/// What the node's xen,shared-mem says.
Result<SharedMemory> shared_memory(const Node& node)
{
    const auto list = node.property("xen,shared-mem");
    const auto parent = node.parent();
    if (!list || !parent) return failure(Error::invalid);
    const std::uint64_t address_cells = parent->address_cells();
    const std::uint64_t size_cells = parent->size_cells();
    const bool is_placed = list->cell_count() == 2 * address_cells + size_cells;
    const auto first = is_placed ? address_cells : 0;
    const auto host = list->cells(0, first);
    const auto guest = list->cells(first, address_cells);
    const auto size = list->cells(first + address_cells, size_cells);
    if (!host || !guest || !size || !are_whole_pages(*host, *size) ||
        !are_whole_pages(*guest, *size) ||
        list->value().size() != 4 * (first + address_cells + size_cells))
        return failure(Error::invalid);
    return SharedMemory{.node = node,
                        .guest = GuestAddress{*guest},
                        .host = {PhysicalAddress{*host}, *size},
                        .is_placed = is_placed};
}

/// Reads the nodes of one domain.
class StaticMemoryReader : Complaints {
public:
    StaticMemoryReader(DomainDescription& domain, memory::PhysicalRanges& free, SharedMemories& all,
                       Report& report)
        : Complaints(domain, report), domain_(domain), free_(free), all_(all)
    {
    }

    void read()
    {
        for (const auto node : domain_.node.children())
            if (node.is_compatible(shared_memory_node)) read_node(node);
    }

private:
    void read_node(const Node& node)
    {
        auto shared = shared_memory(node);
        if (!shared)
            return wrong(node, "xen,shared-mem has to be <host-address guest-address size> or "
                               "<guest-address size>: whole pages of 4 KiB, in the cells that the "
                               "domain's node says");
        const auto id = node.string("xen,shm-id").value_or("");
        if (id.empty() || id.size() > longest_id)
            return wrong(node, "xen,shm-id = \"{}\" has to be a name of 1 to {} characters", id,
                         longest_id);
        const auto role = node.string("role").value_or(node.has("role") ? "?" : "borrower");
        if (role != "owner" && role != "borrower")
            return wrong(node, "role = \"{}\" has to be \"owner\" or \"borrower\"", role);
        shared->domain = &domain_;
        shared->id = id;
        shared->is_owner = role == "owner";
        if (agrees(*shared) && fits(*shared) && !all_.push(*shared))
            wrong(node, "there is room to note {} such nodes", all_.capacity);
    }

    /// With the nodes of the same region before it; a region without a place gets one.
    bool agrees(SharedMemory& shared)
    {
        const SharedMemory* same = nullptr;
        for (const auto& other : all_) {
            if (other.id != shared.id) continue;
            same = &other;
            if (!other.is_owner || !shared.is_owner) continue;
            wrong(shared.node, "role = \"owner\": {} owns \"{}\"; make one the borrower",
                  other.node.path(), shared.id);
            return false;
        }
        if (same == nullptr && shared.is_placed) return true;
        if (same == nullptr) {
            const auto place =
                free_.take(shared.host.size, shared.host.size < 2_MiB ? page_size : 2_MiB);
            if (!place)
                wrong(shared.node, "xen,shared-mem: no {} KiB of memory in one piece are free",
                      shared.host.size / 1_KiB);
            shared.host.start = place.value_or(PhysicalAddress{});
            return place.has_value();
        }
        if (!shared.is_placed && !same->is_placed) shared.host.start = same->host.start;
        if (shared.host == same->host && shared.is_placed == same->is_placed) return true;
        wrong(shared.node,
              "xen,shared-mem = {} to {}, but {} has \"{}\" at {} to {}; make them "
              "the same",
              shared.host.start, shared.host.end(), same->node.path(), shared.id, same->host.start,
              same->host.end());
        return false;
    }

    /// Into the guest's address space.
    bool fits(const SharedMemory& shared)
    {
        const device::guest_layout::Window window{shared.guest, shared.host.size};
        const auto refuse = [&](std::string_view why) {
            wrong(shared.node, "xen,shared-mem at the guest's {} to {}: {}", window.start,
                  window.end(), why);
            return false;
        };
        if (window.end().value() > bit(memory::Stage2Map::address_bits()))
            return refuse("there are no such addresses");
        if (domain_.places.direct_map &&
            (!shared.is_placed || shared.guest.value() != shared.host.start.value()))
            return refuse("with direct-map it has to be where it is on the host");
        if (is_guests_own(domain_, window)) return refuse("its RAM, GIC or UART is there");
        if (is_shared(all_, domain_, window)) return refuse("it has other shared memory there");
        return true;
    }

    DomainDescription& domain_;
    memory::PhysicalRanges& free_;
    SharedMemories& all_;
};

} // namespace

bool is_shared(std::span<const SharedMemory> all, const DomainDescription& domain,
               device::guest_layout::Window window)
{
    return std::ranges::any_of(all, [&](const SharedMemory& shared) {
        return shared.domain == &domain && overlap(window, {shared.guest, shared.host.size});
    });
}

void clear_shared_memory(std::span<const SharedMemory> all)
{
    for (const auto& [start, size] : all | std::views::transform(&SharedMemory::host)) {
        machine::map_physical(start, size, machine::MapAccess::read_write);
        scrub({start, size}, true);
        machine::unmap_physical(start, size);
    }
}

Result<PhysicalRange> static_memory(const Node& domain, std::size_t index)
{
    const auto list = domain.property("xen,static-mem");
    const auto parent = domain.parent();
    if (!list || !parent) return failure(Error::no_entry);
    const auto address = domain.u32("#xen,static-mem-address-cells");
    const auto size = domain.u32("#xen,static-mem-size-cells");
    const auto range =
        devicetree::written_range(*list, index, address.value_or(parent->address_cells()),
                                  size.value_or(parent->size_cells()));
    if (range && !are_whole_pages(range->start.value(), range->size))
        return failure(Error::invalid);
    return range;
}

void read_shared_memory(DomainDescriptions& domains, memory::PhysicalRanges& free,
                        SharedMemories& all, Report& report)
{
    for (auto& domain : domains)
        if (!domain.is_wrong) StaticMemoryReader{domain, free, all, report}.read();
}

Result<void> remove_static_memory(const devicetree::Tree& tree, memory::PhysicalRanges& ram)
{
    const auto chosen = tree.at_path("/chosen");
    if (!chosen) return {};
    if (chosen->has("xen,static-heap")) {
        memory::PhysicalRanges heap;
        for (std::size_t index = 0;; ++index) {
            const auto range = devicetree::written_range(*chosen, "xen,static-heap", index);
            if (!range && range.error() == Error::no_entry) break;
            if (!range || !are_whole_pages(range->start.value(), range->size) ||
                !ram.contains(*range))
                return failure(Error::invalid);
            if (auto added = heap.add(*range); !added) return added;
        }
        ram = heap;
    }
    Result<void> done;
    const auto take = [&](PhysicalRange range) {
        if (auto removed = ram.remove(range); !removed) done = removed;
    };
    for (const auto domain : chosen->children()) {
        if (!domain.is_compatible("xen,domain")) continue;
        for (std::size_t index = 0;; ++index) {
            const auto range = static_memory(domain, index);
            if (!range) break;
            take(*range);
        }
        for (const auto node : domain.children()) {
            if (!node.is_compatible(shared_memory_node)) continue;
            const auto shared = shared_memory(node);
            if (shared && shared->is_placed) take(shared->host);
        }
    }
    return done;
}

} // namespace bulkhead::boot
