#include "cpu_checker.hpp"

#include "nearest_name.hpp"
#include "pool_checker.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <map>

namespace bulkhead::tool {
namespace {

constexpr std::uint32_t most_vcpus_gic2 = 8; // Xen's limits
constexpr std::uint32_t most_vcpus_gic3 = 128;
constexpr std::uint32_t most_weight = 65'535;
constexpr std::uint32_t least_us = 10; // a period and a budget

std::string cpu_range(std::uint32_t count)
{
    return count == 1 ? "only CPU 0" : fmt::format("CPUs 0 to {}", count - 1);
}

std::string counted(std::size_t count, const std::string& what)
{
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// What is said of one domain.
class DomainCpus {
public:
    DomainCpus(const DomainDescription& domain, const MachineFacts& machine, const Pool* pool,
               Problems& problems)
        : domain_{domain}, machine_{machine}, pool_{pool}, problems_{problems}
    {
    }

    void check()
    {
        const auto& [vcpus, origin] = domain_.vcpus;
        const std::uint32_t most = machine_.gic == 2 ? most_vcpus_gic2 : most_vcpus_gic3;
        if (vcpus == 0) problems_.add(origin, "a domain needs at least one virtual CPU");
        if (vcpus > most)
            problems_.add(origin, fmt::format("a domain can have at most {} with a GICv{}", most,
                                              machine_.gic));
        if (domain_.cpus) check_cpus();
        if (domain_.hard_affinity && domain_.cpus)
            problems_.add(domain_.hard_affinity->origin,
                          fmt::format("the cpus of line {} say that already; remove one",
                                      domain_.cpus->origin.line));
        if (domain_.hard_affinity) check_affinity(*domain_.hard_affinity, true);
        if (domain_.soft_affinity) check_affinity(*domain_.soft_affinity, false);
        check_parameters();
    }

private:
    void check_count(std::size_t count, const Origin& origin, const std::string& what)
    {
        if (count != domain_.vcpus.value)
            problems_.add(origin, fmt::format("names {}, but the domain has {}; give one for each",
                                              counted(count, what),
                                              counted(domain_.vcpus.value, "virtual CPU")));
    }

    void check_cpus()
    {
        const auto& [cpus, origin] = *domain_.cpus;
        check_count(cpus.size(), origin, "CPU");
        for (const std::uint32_t cpu : cpus)
            if (cpu >= machine_.cpus)
                problems_.add(origin, fmt::format("{} has no CPU {}; it has {}", machine_.title,
                                                  cpu, cpu_range(machine_.cpus)));
            else if (pool_ != nullptr && !pool_->cpus.contains(cpu))
                problems_.add(origin,
                              fmt::format("CPU {} is not among those of the domain's pool ({}: {})",
                                          cpu, shown(*pool_), cpus_shown(pool_->cpus)));
    }

    void check_affinity(const Given<std::vector<std::string>>& lists, bool is_hard)
    {
        const Origin& origin = lists.origin;
        check_count(lists.value.size(), origin, "list");
        for (const std::string& list : lists.value) {
            const auto cpus = parse_cpu_list(list);
            if (!cpus)
                problems_.add(origin, fmt::format("\"{}\" has to list CPUs, as \"0-1,3\"", list));
            else if (*cpus->rbegin() >= machine_.cpus)
                problems_.add(origin, fmt::format("{} has no CPU {}; it has {}", machine_.title,
                                                  *cpus->rbegin(), cpu_range(machine_.cpus)));
            else if (is_hard && pool_ != nullptr && std::ranges::none_of(*cpus, [&](auto cpu) {
                         return pool_->cpus.contains(cpu);
                     }))
                problems_.add(origin, fmt::format("\"{}\" has no CPU of the domain's pool ({}: {})",
                                                  list, shown(*pool_), cpus_shown(pool_->cpus)));
        }
    }

    template <class T>
    void check_use(const std::optional<Given<T>>& given, bool is_used, const char* by)
    {
        if (given && pool_ != nullptr && !is_used)
            problems_.add(given->origin,
                          fmt::format("is for {}, but the scheduler of {} is {}; remove it, or use "
                                      "another",
                                      by, shown(*pool_), name_of(pool_->policy)));
    }

    void check_parameters()
    {
        const Policy policy = pool_ == nullptr ? Policy::null : pool_->policy;
        const bool by_weight = policy == Policy::credit || policy == Policy::credit2;
        const bool has_budgets = policy == Policy::rtds;
        check_use(domain_.weight, by_weight, "credit and credit2");
        check_use(domain_.cap, by_weight, "credit and credit2");
        check_use(domain_.period_us, has_budgets, "rtds");
        check_use(domain_.budget_us, has_budgets, "rtds");
        check_use(domain_.extratime, has_budgets, "rtds");
        check_use(domain_.soft_affinity, by_weight || has_budgets, "credit, credit2 and rtds");
        check_use(domain_.sve, policy == Policy::null, "CPUs that are not shared (scheduler null)");
        if (domain_.vpmu && domain_.vpmu->value)
            check_use(domain_.vpmu, policy == Policy::null,
                      "CPUs that are not shared (scheduler null)");
        if (domain_.weight && (domain_.weight->value == 0 || domain_.weight->value > most_weight))
            problems_.add(domain_.weight->origin, fmt::format("has to be 1 to {}", most_weight));
        if (domain_.cap && domain_.cap->value > 100 * domain_.vcpus.value)
            problems_.add(domain_.cap->origin,
                          fmt::format("per cent of a CPU: {} can use at most {}",
                                      counted(domain_.vcpus.value, "virtual CPU"),
                                      100 * domain_.vcpus.value));
        check_budgets();
    }

    void check_budgets()
    {
        for (const auto* given : {&domain_.period_us, &domain_.budget_us}) {
            if (!*given) continue;
            const auto& [values, origin] = **given;
            if (values.size() != 1) check_count(values.size(), origin, "time");
            if (std::ranges::any_of(values, [](auto us) { return us < least_us; }))
                problems_.add(origin, fmt::format("has to be {} us or more", least_us));
        }
        if (!domain_.period_us && !domain_.budget_us) return;
        for (std::uint32_t vcpu = 0; vcpu < domain_.vcpus.value; ++vcpu) {
            const auto [period, budget] = reservation_of(domain_, vcpu);
            if (budget <= period) continue;
            problems_.add((domain_.budget_us ? domain_.budget_us : domain_.period_us)->origin,
                          fmt::format("virtual CPU {} would have a budget of {} us in each {} us; "
                                      "make it that at most",
                                      vcpu, budget, period));
            return;
        }
    }

    const DomainDescription& domain_;
    const MachineFacts& machine_;
    const Pool* pool_;
    Problems& problems_;
};

/// Under null, each virtual CPU has a CPU for itself: those of the domains before get theirs first.
class ExclusiveCpus {
public:
    ExclusiveCpus(const SystemDescription& description, const MachineFacts& machine,
                  const Pools& pools, const Pool& pool, Problems& problems)
        : description_{description}, pools_{pools}, pool_{pool}, problems_{problems},
          where_{description.pools.empty() ? machine.title : shown(pool)}
    {
    }

    void check()
    {
        std::uint64_t needed = 0;
        for (const DomainDescription& domain : description_.domains) {
            if (pools_.of(domain) != &pool_) continue;
            needed += domain.vcpus.value;
            if (needed > pool_.cpus.size()) {
                // The first domain that is too much; the others would only repeat it.
                problems_.add(
                    domain.vcpus.origin,
                    fmt::format("{} virtual CPUs up to here, but {} has {} ({}), and each "
                                "virtual CPU takes one",
                                needed, where_, pool_.cpus.size(), cpus_shown(pool_.cpus)));
                break;
            }
        }
        check_named();
        if (needed <= pool_.cpus.size()) check_lists();
    }

private:
    void check_named()
    {
        std::map<std::uint32_t, const DomainDescription*> owners;
        for (const DomainDescription& domain : description_.domains) {
            if (pools_.of(domain) != &pool_ || !domain.cpus) continue;
            for (const std::uint32_t cpu : domain.cpus->value) {
                if (!pool_.cpus.contains(cpu)) continue;
                const auto [owner, is_free] = owners.emplace(cpu, &domain);
                if (is_free) continue;
                is_double_ = true;
                if (owner->second == &domain)
                    problems_.add(domain.cpus->origin, fmt::format("names CPU {} twice", cpu));
                else
                    problems_.add(domain.cpus->origin,
                                  fmt::format("CPU {} already belongs to \"{}\" (line {})", cpu,
                                              owner->second->name.value,
                                              owner->second->cpus->origin.line));
            }
        }
    }

    /// A matching of virtual CPUs and CPUs, one augmenting path after the other.
    void check_lists()
    {
        if (is_double_) return;
        std::vector<CpuSet> wishes;
        std::map<std::uint32_t, std::size_t> owners;
        const std::function<bool(std::size_t, CpuSet&)> place = [&](std::size_t vcpu,
                                                                    CpuSet& seen) {
            for (const std::uint32_t cpu : wishes[vcpu]) {
                if (!seen.insert(cpu).second) continue;
                const auto owner = owners.find(cpu);
                if (owner != owners.end() && !place(owner->second, seen)) continue;
                owners[cpu] = vcpu;
                return true;
            }
            return false;
        };
        for (const DomainDescription& domain : description_.domains) {
            if (pools_.of(domain) != &pool_) continue;
            for (std::uint32_t vcpu = 0; vcpu < domain.vcpus.value; ++vcpu) {
                const auto cpus = Pools::cpus_of(domain, vcpu, pool_);
                if (!cpus || cpus->empty()) return; // and said so
                wishes.push_back(*cpus);
                CpuSet seen;
                if (place(wishes.size() - 1, seen)) continue;
                problems_.add(domain.hard_affinity ? domain.hard_affinity->origin
                                                   : domain.vcpus.origin,
                              fmt::format("leaves no CPU for virtual CPU {}: those it may have are "
                                          "needed by others, and each virtual CPU takes one",
                                          vcpu));
                return;
            }
        }
    }

    const SystemDescription& description_;
    const Pools& pools_;
    const Pool& pool_;
    Problems& problems_;
    std::string where_;
    bool is_double_ = false;
};

} // namespace

void check_cpus(const SystemDescription& description, const MachineFacts& machine,
                Problems& problems)
{
    const Pools pools{description, machine.cpus};
    std::vector<std::string> names;
    for (const PoolDescription& pool : description.pools)
        names.push_back(pool.name.value);
    for (const DomainDescription& domain : description.domains) {
        const Pool* pool = pools.of(domain);
        if (domain.pool && pool == nullptr)
            problems.add(domain.pool->origin,
                         names.empty()
                             ? "there is no [[pool]]; add one of this name"
                             : "no pool has this name; " + suggestion(domain.pool->value, names));
        DomainCpus{domain, machine, pool, problems}.check();
    }
    for (const Pool& pool : pools.all())
        if (pool.policy == Policy::null)
            ExclusiveCpus{description, machine, pools, pool, problems}.check();
    check_pools(description, pools, machine, problems);
}

} // namespace bulkhead::tool
