#include "static_memory_checker.hpp"

#include "byte_size.hpp"
#include "nearest_name.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace bulkhead::tool {
namespace {

constexpr std::size_t longest_id = 15; // Xen's limit
constexpr std::size_t most_static_ranges = 16;
constexpr std::uint64_t page = 4 * kibibyte;
constexpr std::uint64_t first_ram = 0x4000'0000; // of a guest without direct_map

bool is_given(const Origin& origin) { return !origin.key.empty(); }

void check_domain(const DomainDescription& domain, Problems& problems)
{
    if (domain.direct_map && domain.direct_map->value && !domain.static_memory)
        problems.add(domain.direct_map->origin,
                     "needs static_memory: which memory of the machine's the domain has");
    if (!domain.static_memory) return;
    const auto& [ranges, origin] = *domain.static_memory;
    std::uint64_t sum = 0;
    for (const MemoryRange& range : ranges) {
        sum += range.size;
        if (range.size == 0 || range.size % page != 0)
            problems.add(origin, fmt::format("{} is not a whole number of 4 KiB pages",
                                             format_byte_size(range.size)));
    }
    if (ranges.empty() || ranges.size() > most_static_ranges)
        problems.add(origin, fmt::format("1 to {} ranges are possible", most_static_ranges));
    else if (is_given(domain.memory.origin) && sum != domain.memory.value)
        problems.add(origin,
                     fmt::format("{} in all, but memory = {} (line {})", format_byte_size(sum),
                                 format_byte_size(domain.memory.value), domain.memory.origin.line));
}

/// Why a domain cannot have a region at an address of its own; empty if it can.
std::string objection(const DomainDescription& domain, const SharedMemoryDescription& shared,
                      std::uint64_t address)
{
    const bool is_direct = domain.direct_map && domain.direct_map->value;
    if (address % page != 0)
        return fmt::format("{:#x} is not on a page; {:#x} would be", address,
                           round_up(address, page));
    if (is_direct && (!shared.host_address || shared.host_address->value != address))
        return fmt::format("\"{}\" has direct_map (line {}): make {:#x} the host_address",
                           domain.name.value, domain.direct_map->origin.line, address);
    const MemoryRange ram{first_ram, domain.memory.value};
    if (!is_direct && ram.overlaps({address, shared.size.value}))
        return fmt::format("{:#x} is in the RAM of \"{}\" ({:#x}-{:#x})", address,
                           domain.name.value, ram.start, ram.end() - 1);
    return {};
}

void check_region(const SystemDescription& description, const SharedMemoryDescription& shared,
                  Problems& problems)
{
    const auto& [name, name_origin] = shared.name;
    if (is_given(name_origin) && (name.empty() || name.size() > longest_id))
        problems.add(name_origin, fmt::format("a name has 1 to {} characters", longest_id));
    const auto& [size, size_origin] = shared.size;
    if (is_given(size_origin) && (size == 0 || size % page != 0))
        problems.add(size_origin, "not a whole number of 4 KiB pages");
    const auto& [domains, domains_origin] = shared.domains;
    const auto& [addresses, addresses_origin] = shared.addresses;
    if (!is_given(domains_origin) || !is_given(addresses_origin)) return; // and said so
    if (addresses.size() != domains.size()) {
        problems.add(addresses_origin, fmt::format("has {} for {} domains; give one for each",
                                                   addresses.size(), domains.size()));
        return;
    }
    std::vector<std::string> known;
    for (const DomainDescription& domain : description.domains)
        known.push_back(domain.name.value);
    for (std::size_t index = 0; index < domains.size(); ++index) {
        const auto domain = std::ranges::find(known, domains[index]);
        if (domain == known.end()) {
            problems.add(domains_origin,
                         fmt::format("no domain is called \"{}\"; {}", domains[index],
                                     suggestion(domains[index], known)));
            continue;
        }
        const auto& described =
            description.domains[static_cast<std::size_t>(domain - known.begin())];
        if (const auto text = objection(described, shared, addresses[index]); !text.empty())
            problems.add(addresses_origin, text);
    }
    if (shared.owner && std::ranges::find(domains, shared.owner->value) == domains.end())
        problems.add(shared.owner->origin, fmt::format("is none of its domains; {}",
                                                       suggestion(shared.owner->value, domains)));
}

} // namespace

void check_static_memory(const SystemDescription& description, Problems& problems)
{
    for (const DomainDescription& domain : description.domains)
        check_domain(domain, problems);
    std::map<std::string, std::uint32_t> lines;
    for (const SharedMemoryDescription& shared : description.shared_memory) {
        check_region(description, shared, problems);
        const auto [first, is_new] = lines.emplace(shared.name.value, shared.name.origin.line);
        if (is_given(shared.name.origin) && !is_new)
            problems.add(shared.name.origin,
                         fmt::format("other shared memory has this name (line {})", first->second));
    }
}

std::vector<PlacementRequest> static_memory_requests(const SystemDescription& description)
{
    std::vector<PlacementRequest> requests;
    for (const DomainDescription& domain : description.domains)
        if (domain.static_memory)
            for (const MemoryRange& range : domain.static_memory->value)
                requests.push_back({fmt::format("{}'s static memory", domain.name.value),
                                    range.size, range.start, domain.static_memory->origin});
    for (const SharedMemoryDescription& shared : description.shared_memory)
        if (shared.host_address)
            requests.push_back({fmt::format("the shared memory \"{}\"", shared.name.value),
                                shared.size.value, shared.host_address->value,
                                shared.host_address->origin});
    return requests;
}

} // namespace bulkhead::tool
