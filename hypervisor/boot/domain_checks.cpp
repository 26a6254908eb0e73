#include "boot/domain_checks.hpp"

#include "boot/complaints.hpp"

#include <array>

namespace bulkhead::boot {
namespace {

using devicetree::BootModule;
using namespace literals;

/// A module, and whose it is.
struct Used {
    const BootModule* module = nullptr;
    DomainDescription* domain = nullptr;
};

} // namespace

void check_modules(DomainDescriptions& domains, const devicetree::MemoryMap& memory,
                   std::span<const Occupied> occupied, Report& report)
{
    FixedVector<Used, 3 * DomainDescriptions::capacity> all;
    for (auto& domain : domains) {
        if (domain.is_wrong) continue;
        static_cast<void>(all.push({&domain.kernel, &domain}));
        for (auto* const module : {&domain.ramdisk, &domain.device_tree})
            if (*module) static_cast<void>(all.push({&**module, &domain}));
    }
    for (const auto& used : all) {
        const auto range = used.module->range;
        const auto wrong = [&](std::string_view what, std::string_view name = {}) {
            report.error("{}: reg = {} to {} {}{}", used.module->node.path(), range.start,
                         range.end(), what, name);
            used.domain->is_wrong = true;
        };
        if (!memory.ram.contains(range)) wrong("is not in RAM");
        for (const auto& reserved : memory.reserved) {
            if (overlap(range, reserved)) wrong("overlaps a node of /reserved-memory");
        }
        for (const auto& other : occupied) {
            if (overlap(range, other.range)) wrong("overlaps ", other.by);
        }
        for (const auto& other : all) {
            if (&other == &used) break;
            if (!overlap(range, other.module->range) || range == other.module->range) continue;
            wrong("overlaps ", other.module->node.path());
            other.domain->is_wrong = true;
        }
    }
}

void check_memory(DomainDescriptions& domains, std::uint64_t free, Report& report)
{
    const auto total = free;
    std::array<char, 200> buffer{};
    std::size_t used = 0;
    const auto list = [&] { return std::string_view{buffer.data(), used}; };
    for (auto& domain : domains) {
        if (domain.is_wrong) continue;
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
