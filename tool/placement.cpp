#include "placement.hpp"

#include "byte_size.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

/// Modules begin on the hypervisor's mapping size, so that none shares a block with another.
constexpr std::uint64_t module_alignment = 2 * mebibyte;

/// At the start of RAM: U-Boot's vectors on a board; the device tree that QEMU's virt writes there
/// (1 MiB) whether it is used or not, and the stub that starts the hypervisor, under QEMU.
constexpr std::uint64_t boot_code_size = 2 * mebibyte;
constexpr std::uint64_t boot_stub_offset = boot_code_size - 64 * kibibyte;

const NamedRange* conflict(const MemoryRange& wanted, const std::vector<NamedRange>& taken)
{
    const auto found = std::ranges::find_if(
        taken, [&](const NamedRange& other) { return other.range.overlaps(wanted); });
    return found == taken.end() ? nullptr : &*found;
}

std::optional<MemoryRange> first_fit(std::uint64_t size, const MachineFacts& machine,
                                     const std::vector<NamedRange>& taken)
{
    for (const MemoryRange& bank : machine.ram) {
        MemoryRange candidate{round_up(bank.start, module_alignment), size};
        while (bank.contains(candidate)) {
            const NamedRange* other = conflict(candidate, taken);
            if (other == nullptr) return candidate;
            candidate.start = round_up(other->range.end(), module_alignment);
        }
    }
    return std::nullopt;
}

std::string ram_shown(const MachineFacts& machine)
{
    std::vector<std::string> banks;
    for (const MemoryRange& bank : machine.ram)
        banks.push_back(fmt::format("{:#x}-{:#x}", bank.start, bank.end() - 1));
    return fmt::format("{}", fmt::join(banks, " and "));
}

/// Why something cannot be at the address its user wants; empty if it can.
std::string objection(const PlacementRequest& request, const MemoryRange& wanted,
                      const MachineFacts& machine, const std::vector<NamedRange>& taken)
{
    if (wanted.start % (4 * kibibyte) != 0)
        return fmt::format("not on a page; {:#x} would be", round_up(wanted.start, 4 * kibibyte));
    if (std::ranges::none_of(machine.ram,
                             [&](const MemoryRange& bank) { return bank.contains(wanted); }))
        return fmt::format("{} ({}) would end at {:#x}, but RAM is {}", request.name,
                           format_byte_size_roughly(request.size), wanted.end(),
                           ram_shown(machine));
    const NamedRange* other = conflict(wanted, taken);
    if (other == nullptr) return {};
    std::string text =
        fmt::format("{} ({}, {:#x}-{:#x}) would overlap {} ({:#x}-{:#x})", request.name,
                    format_byte_size_roughly(request.size), wanted.start, wanted.end() - 1,
                    other->name, other->range.start, other->range.end() - 1);
    if (const auto free = first_fit(request.size, machine, taken))
        text += fmt::format("; {:#x} is free", free->start);
    return text;
}

} // namespace

std::uint64_t default_hypervisor_address(const MachineFacts& machine)
{
    return machine.ram.front().start + boot_code_size;
}

std::uint64_t boot_stub_address(const MachineFacts& machine)
{
    return machine.ram.front().start + boot_stub_offset;
}

NamedRange range_of_boot_code(const MachineFacts& machine)
{
    return {{machine.ram.front().start, boot_code_size}, "the boot loader's first code"};
}

std::vector<MemoryRange> place(const std::vector<PlacementRequest>& requests,
                               const MachineFacts& machine, std::vector<NamedRange> taken,
                               Problems& problems)
{
    std::vector<MemoryRange> placed(requests.size());
    const auto settle = [&](std::size_t index, const MemoryRange& range) {
        placed[index] = range;
        taken.push_back({range, requests[index].name});
    };
    for (std::size_t index = 0; index < requests.size(); ++index) {
        const PlacementRequest& request = requests[index];
        if (!request.address) continue;
        const MemoryRange wanted{*request.address, request.size};
        if (const std::string text = objection(request, wanted, machine, taken); !text.empty())
            problems.add(request.origin, text);
        else
            settle(index, wanted);
    }
    for (std::size_t index = 0; index < requests.size(); ++index) {
        const PlacementRequest& request = requests[index];
        if (request.address) continue;
        if (const auto range = first_fit(request.size, machine, taken))
            settle(index, *range);
        else
            problems.add(request.origin,
                         fmt::format("{} ({}) does not fit into what is left of RAM ({}); give the "
                                     "machine more memory",
                                     request.name, format_byte_size_roughly(request.size),
                                     format_byte_size(machine.ram_size())));
    }
    return placed;
}

} // namespace bulkhead::tool
