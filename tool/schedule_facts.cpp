#include "schedule_facts.hpp"

#include "schedule_plan.hpp"

namespace bulkhead::tool {
namespace {

constexpr std::uint64_t microsecond = 1000; // in nanoseconds

void add_windows(const SystemDescription& description, const PoolDescription& pool,
                 ScheduleFacts& facts)
{
    std::uint64_t sum = 0;
    for (const PoolDescription::Window& window : pool.windows) {
        UnitName unit{};
        std::uint16_t id = 0;
        for (const DomainDescription& domain : description.domains) {
            ++id;
            if (window.domain && window.domain->value == domain.name.value)
                unit = {id, static_cast<std::uint8_t>(window.vcpu.value)};
        }
        facts.windows.push_back({unit, window.run_us.value * microsecond});
        sum += window.run_us.value;
    }
    facts.major_frame = (pool.major_frame_us ? pool.major_frame_us->value : sum) * microsecond;
}

} // namespace

ScheduleFacts schedule_facts(const SystemDescription& description, unsigned cpus)
{
    ScheduleFacts facts;
    const Pools pools{description, cpus};
    std::uint16_t id = 0;
    for (const DomainDescription& domain : description.domains) {
        ++id;
        const Pool* pool = pools.of(domain);
        if (pool == nullptr) continue;
        for (std::uint32_t vcpu = 0; vcpu < domain.vcpus.value; ++vcpu) {
            const auto [period, budget] = reservation_of(domain, vcpu);
            UnitFacts unit{.policy = pool->policy,
                           .weight = domain.weight ? domain.weight->value : 256,
                           .cap = domain.cap ? domain.cap->value : 0,
                           .period = period * microsecond,
                           .budget = budget * microsecond,
                           .extratime = !domain.extratime || domain.extratime->value};
            if (const auto own = Pools::cpus_of(domain, vcpu, *pool))
                unit.cpus.insert(own->begin(), own->end());
            facts.units[{id, static_cast<std::uint8_t>(vcpu)}] = unit;
        }
    }
    for (const Pool& pool : pools.all())
        if (pool.policy == Policy::arinc653 && pool.description != nullptr && facts.windows.empty())
            add_windows(description, *pool.description, facts);
    return facts;
}

std::vector<std::string> domain_names(const SystemDescription& description)
{
    std::vector<std::string> names;
    for (const DomainDescription& domain : description.domains)
        names.push_back(domain.name.value);
    return names;
}

} // namespace bulkhead::tool
