#include "schedule_facts.hpp"

#include <sstream>

namespace bulkhead::tool {
namespace {

/// The last `sched=` of the hypervisor's command line wins; without one it is null.
Policy policy_of(const std::string& bootargs)
{
    Policy policy = Policy::null;
    std::istringstream words{bootargs};
    for (std::string word; words >> word;) {
        if (word == "sched=null") policy = Policy::null;
        if (word == "sched=credit") policy = Policy::credit;
        if (word == "sched=credit2") policy = Policy::credit2;
        if (word == "sched=rtds") policy = Policy::rtds;
        if (word == "sched=arinc653") policy = Policy::arinc653;
    }
    return policy;
}

} // namespace

ScheduleFacts schedule_facts(const SystemDescription& description)
{
    ScheduleFacts facts;
    const Policy policy = policy_of(description.machine.bootargs.value);
    std::uint16_t id = 0;
    for (const DomainDescription& domain : description.domains) {
        ++id;
        for (std::uint32_t vcpu = 0; vcpu < domain.vcpus.value; ++vcpu) {
            // Of rtds, what a unit has by default (sched/scheduler.hpp).
            UnitFacts unit{
                .policy = policy, .period = 10'000'000, .budget = 4'000'000, .extratime = true};
            if (domain.cpus && vcpu < domain.cpus->value.size())
                unit.cpus = {domain.cpus->value[vcpu]};
            facts.units[{id, static_cast<std::uint8_t>(vcpu)}] = unit;
        }
    }
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
