#include "schedule_plan.hpp"

#include "nearest_name.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <sstream>

namespace bulkhead::tool {
namespace {

constexpr std::uint32_t most_cpus = 128;

/// The last `sched=` of the hypervisor's command line wins; without one it is null.
Policy usual_policy(const std::string& bootargs)
{
    Policy policy = Policy::null;
    std::istringstream words{bootargs};
    for (std::string word; words >> word;)
        if (word.starts_with("sched=")) policy = policy_named(word.substr(6)).value_or(policy);
    return policy;
}

std::optional<std::uint32_t> number(std::string_view text)
{
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_one = error == std::errc{} && end == text.data() + text.size();
    return is_one && value < most_cpus ? std::optional{value} : std::nullopt;
}

/// Of a list that is for all virtual CPUs, or for each.
std::uint32_t value_for(const std::optional<Given<std::vector<std::uint32_t>>>& given,
                        std::uint32_t vcpu, std::uint32_t usual)
{
    if (!given || given->value.empty()) return usual;
    return given->value.size() == 1 || vcpu >= given->value.size() ? given->value.front()
                                                                   : given->value[vcpu];
}

} // namespace

std::optional<Policy> policy_named(std::string_view name)
{
    const auto found = std::ranges::find(policy_names, name);
    if (found == policy_names.end()) return std::nullopt;
    return static_cast<Policy>(found - policy_names.begin());
}

std::optional<CpuSet> parse_cpu_list(std::string_view list)
{
    CpuSet cpus;
    for (bool more = true; more;) {
        const std::size_t comma = list.find(',');
        more = comma != std::string_view::npos;
        const std::string_view part = list.substr(0, comma);
        if (more) list.remove_prefix(comma + 1);
        const std::size_t dash = part.find('-');
        const auto first = number(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : number(part.substr(dash + 1));
        if (!first || !last || *first > *last) return std::nullopt;
        for (std::uint32_t cpu = *first; cpu <= *last; ++cpu)
            cpus.insert(cpu);
    }
    return cpus;
}

std::string cpus_shown(const CpuSet& cpus)
{
    if (cpus.empty()) return "no CPU";
    if (cpus.size() == 1) return fmt::format("only CPU {}", *cpus.begin());
    if (*cpus.rbegin() - *cpus.begin() + 1 == cpus.size())
        return fmt::format("CPUs {} to {}", *cpus.begin(), *cpus.rbegin());
    std::vector<std::string> numbers;
    for (const std::uint32_t cpu : cpus)
        numbers.push_back(std::to_string(cpu));
    return "CPUs " + enumeration(numbers);
}

Reservation reservation_of(const DomainDescription& domain, std::uint32_t vcpu)
{
    constexpr Reservation usual;
    return {value_for(domain.period_us, vcpu, usual.period_us),
            value_for(domain.budget_us, vcpu, usual.budget_us)};
}

Pools::Pools(const SystemDescription& description, std::uint32_t cpus)
{
    const Policy usual = usual_policy(description.machine.bootargs.value);
    Pool rest{nullptr, usual, {}};
    for (std::uint32_t cpu = 0; cpu < cpus; ++cpu)
        rest.cpus.insert(cpu);
    for (const PoolDescription& pool : description.pools) {
        const auto policy = pool.scheduler ? policy_named(pool.scheduler->value) : usual;
        all_.push_back(
            {&pool, policy.value_or(usual), {pool.cpus.value.begin(), pool.cpus.value.end()}});
        for (const std::uint32_t cpu : pool.cpus.value)
            rest.cpus.erase(cpu);
    }
    if (!rest.cpus.empty()) all_.push_back(std::move(rest));
}

const Pool* Pools::of(const DomainDescription& domain) const
{
    const auto found = std::ranges::find_if(all_, [&](const Pool& pool) {
        if (!domain.pool) return pool.cpus.contains(0);
        return pool.description != nullptr && pool.description->name.value == domain.pool->value;
    });
    return found == all_.end() ? nullptr : &*found;
}

std::optional<CpuSet> Pools::cpus_of(const DomainDescription& domain, std::uint32_t vcpu,
                                     const Pool& pool)
{
    CpuSet cpus;
    if (domain.cpus) {
        if (vcpu < domain.cpus->value.size()) cpus.insert(domain.cpus->value[vcpu]);
    } else if (domain.hard_affinity) {
        if (vcpu >= domain.hard_affinity->value.size()) return std::nullopt;
        const auto list = parse_cpu_list(domain.hard_affinity->value[vcpu]);
        if (!list) return std::nullopt;
        cpus = *list;
    } else {
        return pool.cpus;
    }
    std::erase_if(cpus, [&](std::uint32_t cpu) { return !pool.cpus.contains(cpu); });
    return cpus;
}

} // namespace bulkhead::tool
