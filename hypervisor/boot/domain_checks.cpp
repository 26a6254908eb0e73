#include "boot/domain_checks.hpp"

#include "boot/complaints.hpp"
#include "memory/page_pool.hpp"

#include <algorithm>
#include <array>

namespace bulkhead::boot {
namespace {

using memory::PhysicalRange;
using namespace literals;
namespace layout = device::guest_layout;

/// Memory of the host's that a domain names.
struct Claim {
    DomainDescription* domain = nullptr;
    devicetree::Node node;
    const char* property = nullptr;
    PhysicalRange range;
    /// Whoever names the same for the same may have it too.
    std::string_view shared_as;
};

void check_claim(const Claim& claim, std::span<const Claim> earlier,
                 const devicetree::MemoryMap& memory, std::span<const Occupied> occupied,
                 Report& report)
{
    const auto wrong = [&](std::string_view what, std::string_view name = {}) {
        Complaints{*claim.domain, report}.wrong(claim.node, "{} = {} to {} {}{}", claim.property,
                                                claim.range.start, claim.range.end(), what, name);
    };
    if (!memory.ram.contains(claim.range)) wrong("is not in RAM");
    for (const auto& reserved : memory.reserved)
        if (overlap(claim.range, reserved)) wrong("overlaps a node of /reserved-memory");
    for (const auto& other : occupied)
        if (overlap(claim.range, other.range)) wrong("overlaps ", other.by);
    for (const auto& other : earlier) {
        const bool same = claim.range == other.range && claim.property == other.property &&
                          claim.shared_as == other.shared_as && !claim.shared_as.empty();
        if (same || !overlap(claim.range, other.range)) continue;
        wrong("overlaps ", other.node.path());
        other.domain->is_wrong = true;
    }
}

} // namespace

bool is_guests_own(const DomainDescription& domain, layout::Window window)
{
    const auto& places = domain.places;
    if (overlap(window, places.distributor) || overlap(window, places.cpus) ||
        (domain.vpl011 && overlap(window, places.vpl011)))
        return true;
    if (!places.direct_map) {
        const auto& [bank0, bank1] = layout::ram;
        const auto in_bank0 = std::min(domain.memory, bank0.size);
        return overlap(window, {bank0.start, in_bank0}) ||
               overlap(window, {bank1.start, domain.memory - in_bank0});
    }
    for (unsigned index = 0; index < domain.static_ranges; ++index) {
        const auto range = static_memory(domain.node, index);
        if (range && overlap(window, {GuestAddress{range->start.value()}, range->size}))
            return true;
    }
    return false;
}

void check_claims(DomainDescriptions& domains, std::span<const SharedMemory> shared,
                  const devicetree::MemoryMap& memory, std::span<const Occupied> occupied,
                  Report& report)
{
    std::size_t most = shared.size();
    for (const auto& domain : domains)
        most += 3 + domain.static_ranges;
    const auto room = memory::page_pool().create_array<Claim>(most);
    if (!room) return report.error("no memory to check the memory of domains in");
    std::size_t count = 0;
    const auto add = [&](const Claim& claim) { (*room)[count++] = claim; };
    const auto add_module = [&](DomainDescription& domain, const devicetree::BootModule& module) {
        add({&domain, module.node, "reg", module.range, "a module"});
    };
    for (auto& domain : domains) {
        if (domain.is_wrong) continue;
        add_module(domain, domain.kernel);
        for (auto* const module : {&domain.ramdisk, &domain.device_tree})
            if (*module) add_module(domain, **module);
        for (unsigned index = 0; index < domain.static_ranges; ++index)
            if (const auto range = static_memory(domain.node, index))
                add({&domain, domain.node, "xen,static-mem", *range, {}});
    }
    for (const auto& one : shared)
        if (one.is_placed) add({one.domain, one.node, "xen,shared-mem", one.host, one.id});
    const std::span<const Claim> all{room->first(count)};
    for (const auto& claim : all)
        check_claim(claim, all.first(static_cast<std::size_t>(&claim - all.data())), memory,
                    occupied, report);
}

void check_memory(DomainDescriptions& domains, std::uint64_t free, Report& report)
{
    const auto total = free;
    std::array<char, 200> buffer{};
    std::size_t used = 0;
    const auto list = [&] { return std::string_view{buffer.data(), used}; };
    for (auto& domain : domains) {
        if (domain.is_wrong || domain.static_ranges != 0) continue;
        if (domain.memory > free) {
            Complaints{domain, report}.wrong(domain.node,
                                             "memory = {} MiB, but {} MiB are free ({}{}{} MiB)",
                                             domain.memory / 1_MiB, free / 1_MiB, list(),
                                             used == 0 ? "" : " of ", total / 1_MiB);
            continue;
        }
        free -= domain.memory;
        const log::Argument mine[] = {used == 0 ? "" : ", ", domain.name, domain.memory / 1_MiB};
        used += log::format_into(std::span{buffer}.subspan(used), "{}{} {}", mine).size();
    }
}

} // namespace bulkhead::boot
