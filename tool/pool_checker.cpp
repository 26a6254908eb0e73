#include "pool_checker.hpp"

#include "nearest_name.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace bulkhead::tool {
namespace {

constexpr std::size_t most_pools = 7; // beside that of CPU 0
constexpr std::size_t most_windows = 64;
constexpr std::size_t longest_name = 24; // of a node: "pool-NAME"

void check_name(const PoolDescription& pool, std::map<std::string, std::uint32_t>& lines,
                Problems& problems)
{
    const auto& [name, origin] = pool.name;
    if (origin.key.empty()) return; // missing, and said so
    const auto is_plain = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_';
    };
    if (name.empty() || name.size() > longest_name || !std::ranges::all_of(name, is_plain))
        problems.add(origin,
                     fmt::format("a name has 1 to {} letters, digits, - or _", longest_name));
    const auto [first, is_new] = lines.emplace(name, origin.line);
    if (!is_new)
        problems.add(origin, fmt::format("another pool has this name (line {}); each needs its own",
                                         first->second));
}

void check_scheduler(const PoolDescription& pool, Problems& problems)
{
    if (pool.scheduler && !policy_named(pool.scheduler->value))
        problems.add(
            pool.scheduler->origin,
            fmt::format("no such scheduler; {}", suggestion(pool.scheduler->value, policy_names)));
}

void check_pool_cpus(const Pool& pool, std::map<std::uint32_t, const PoolDescription*>& owners,
                     const MachineFacts& machine, Problems& problems)
{
    const auto& [cpus, origin] = pool.description->cpus;
    if (origin.key.empty()) return; // missing, and said so
    if (cpus.empty()) problems.add(origin, "a pool needs at least one CPU");
    for (const std::uint32_t cpu : cpus) {
        if (cpu >= machine.cpus) {
            problems.add(origin, fmt::format("{} has no CPU {}; it has {}", machine.title, cpu,
                                             machine.cpus == 1
                                                 ? "only CPU 0"
                                                 : fmt::format("CPUs 0 to {}", machine.cpus - 1)));
            continue;
        }
        const auto [owner, is_free] = owners.emplace(cpu, pool.description);
        if (is_free) continue;
        if (owner->second == pool.description)
            problems.add(origin, fmt::format("names CPU {} twice", cpu));
        else
            problems.add(origin,
                         fmt::format("CPU {} is in pool \"{}\" already (line {})", cpu,
                                     owner->second->name.value, owner->second->cpus.origin.line));
    }
    if (pool.policy == Policy::arinc653 && cpus.size() > 1)
        problems.add(origin, fmt::format("names {} CPUs, but arinc653 has one; make a pool for "
                                         "each",
                                         cpus.size()));
}

class Schedule {
public:
    Schedule(const SystemDescription& description, const Pools& pools, const Pool& pool,
             Problems& problems)
        : description_{description}, pools_{pools}, pool_{pool}, problems_{problems}
    {
    }

    void check()
    {
        const auto& windows = pool_.description->windows;
        const auto& frame = pool_.description->major_frame_us;
        if (pool_.policy != Policy::arinc653) {
            if (frame || !windows.empty())
                problems_.add(frame ? frame->origin : windows.front().origin,
                              fmt::format("is for arinc653, but the scheduler is {}; remove it, or "
                                          "write scheduler = \"arinc653\"",
                                          name_of(pool_.policy)));
            return;
        }
        if (windows.size() > most_windows)
            problems_.add(
                windows[most_windows].origin,
                fmt::format("window number {}; there can be {}", most_windows + 1, most_windows));
        std::uint64_t sum = 0;
        for (const auto& window : windows) {
            check_window(window);
            sum += window.run_us.value;
        }
        if (frame && sum > frame->value)
            problems_.add(frame->origin,
                          fmt::format("its windows take {} us; make it that at least, or them "
                                      "shorter",
                                      sum));
        check_domains();
    }

private:
    void check_window(const PoolDescription::Window& window)
    {
        if (window.run_us.value == 0)
            problems_.add(window.run_us.origin, "a window has at least 1 us");
        if (!window.domain) return;
        const auto& [name, origin] = *window.domain;
        std::vector<std::string> names;
        for (const DomainDescription& domain : description_.domains)
            if (pools_.of(domain) == &pool_) names.push_back(domain.name.value);
        if (std::ranges::find(names, name) == names.end()) {
            const auto is_it = [&](const auto& each) { return each.name.value == name; };
            problems_.add(
                origin,
                std::ranges::any_of(description_.domains, is_it)
                    ? fmt::format("that domain is in another pool; give it pool = \"{}\"",
                                  pool_.description->name.value)
                    : fmt::format("no domain of this pool has this name; {}",
                                  names.empty() ? "none is in it" : suggestion(name, names)));
            return;
        }
        const auto domain = std::ranges::find(description_.domains, name,
                                              [](const auto& each) { return each.name.value; });
        if (window.vcpu.value >= domain->vcpus.value)
            problems_.add(window.vcpu.origin, fmt::format("\"{}\" has virtual CPUs 0 to {}", name,
                                                          domain->vcpus.value - 1));
    }

    void check_domains()
    {
        for (const DomainDescription& domain : description_.domains) {
            if (pools_.of(domain) != &pool_) continue;
            for (std::uint32_t vcpu = 0; vcpu < domain.vcpus.value; ++vcpu)
                if (std::ranges::none_of(pool_.description->windows, [&](const auto& window) {
                        return window.domain && window.domain->value == domain.name.value &&
                               window.vcpu.value == vcpu;
                    }))
                    problems_.add(domain.vcpus.origin,
                                  fmt::format("virtual CPU {} has no window in {} (line {}), and "
                                              "would never run; add a [[pool.window]]",
                                              vcpu, shown(pool_), pool_.description->origin.line));
        }
    }

    const SystemDescription& description_;
    const Pools& pools_;
    const Pool& pool_;
    Problems& problems_;
};

/// Does each budget of an rtds pool come before its deadline, whatever the guests do? By
/// sum(U) <= m - (m - 1) max(U): Goossens, Funk, Baruah, "Priority-driven scheduling of periodic
/// task systems on multiprocessors", Real-Time Systems 25 (2003), for global EDF on m CPUs; with m
/// = 1, sum(U) <= 1 (Liu and Layland, JACM 20, 1973). A server that keeps its budget while it
/// sleeps can load its CPU more than its U around the end of a period, for which these tests do not
/// hold; Bulkhead's do not, for they wake as constant bandwidth servers do
/// (sched/rtds_scheduler.hpp).
///
/// It is asked only where somebody asks for a period or a budget: otherwise nobody counts on any.
/// On virtual CPUs that may run on all of the pool, or each on one CPU; of others it says nothing.
class Reservations {
public:
    Reservations(const SystemDescription& description, const Pools& pools, const Pool& pool,
                 Problems& problems)
        : pool_{pool}, problems_{problems}
    {
        for (const DomainDescription& domain : description.domains)
            if (pools.of(domain) == &pool) add(domain);
        const Origin& bootargs = description.machine.bootargs.origin;
        origin_ = pool.description == nullptr   ? bootargs
                  : pool.description->scheduler ? pool.description->scheduler->origin
                                                : pool.description->origin;
    }

    void check()
    {
        const bool are_global = loads_.size() == 1 && loads_.begin()->first == pool_.cpus;
        const bool are_pinned =
            std::ranges::all_of(loads_, [](const auto& load) { return load.first.size() == 1; });
        if (!is_asked_for_) return;
        if (!are_global && !are_pinned)
            return problems_.add(*mixed_,
                                 "under rtds, give each virtual CPU of the pool one CPU, or all of "
                                 "them all: for others nothing says whether budgets come in time");
        for (const auto& [cpus, load] : loads_) {
            const auto count = static_cast<double>(cpus.size());
            const double most = count - (count - 1) * load.largest;
            if (load.sum <= most + 1e-9) continue;
            problems_.add(
                origin_,
                fmt::format(
                    "{} of {:.2f} CPUs asked for ({}) where {:.2f} can be promised by their "
                    "deadlines ({}; the largest share is {:.2f}); lower budget_us or raise "
                    "period_us",
                    cpus.size() == 1 ? "budgets" : "budgets under global EDF", load.sum,
                    enumeration(load.parts), most, cpus_shown(cpus), load.largest));
        }
    }

private:
    struct Load {
        double sum = 0;
        double largest = 0;
        std::vector<std::string> parts;
    };

    void add(const DomainDescription& domain)
    {
        is_asked_for_ |= domain.period_us || domain.budget_us;
        for (std::uint32_t vcpu = 0; vcpu < domain.vcpus.value; ++vcpu) {
            const auto cpus = Pools::cpus_of(domain, vcpu, pool_);
            const auto [period, budget] = reservation_of(domain, vcpu);
            if (!cpus || cpus->empty() || budget > period) continue; // and said so
            Load& load = loads_[*cpus];
            const double share = double(budget) / double(period);
            load.sum += share;
            load.largest = std::max(load.largest, share);
            load.parts.push_back(
                fmt::format("{} v{} {}/{} us", domain.name.value, vcpu, budget, period));
            if (cpus->size() != 1 && *cpus != pool_.cpus)
                mixed_ = domain.hard_affinity->origin;
            else if (!mixed_)
                mixed_ = domain.cpus            ? domain.cpus->origin
                         : domain.hard_affinity ? domain.hard_affinity->origin
                                                : domain.origin;
        }
    }

    const Pool& pool_;
    Problems& problems_;
    Origin origin_;
    std::map<CpuSet, Load> loads_;
    bool is_asked_for_ = false;
    std::optional<Origin> mixed_;
};

} // namespace

std::string shown(const Pool& pool)
{
    return pool.description == nullptr ? "the CPUs that are in no [[pool]]"
                                       : fmt::format("pool \"{}\"", pool.description->name.value);
}

void check_pools(const SystemDescription& description, const Pools& pools,
                 const MachineFacts& machine, Problems& problems)
{
    if (description.pools.size() > most_pools)
        problems.add(description.pools[most_pools].origin,
                     fmt::format("pool number {}; there can be {}", most_pools + 1, most_pools));
    std::map<std::string, std::uint32_t> lines;
    std::map<std::uint32_t, const PoolDescription*> owners;
    for (const Pool& pool : pools.all()) {
        if (pool.description != nullptr) {
            check_name(*pool.description, lines, problems);
            check_scheduler(*pool.description, problems);
            check_pool_cpus(pool, owners, machine, problems);
            Schedule{description, pools, pool, problems}.check();
        } else if (pool.policy == Policy::arinc653) {
            const auto is_in = [&](const auto& domain) { return pools.of(domain) == &pool; };
            if (std::ranges::any_of(description.domains, is_in))
                problems.add(description.machine.bootargs.origin,
                             "arinc653 needs a table of windows; write a [[pool]] with scheduler = "
                             "\"arinc653\", a [[pool.window]] for each, and pool in the domains");
        }
        if (pool.policy == Policy::rtds) Reservations{description, pools, pool, problems}.check();
    }
}

} // namespace bulkhead::tool
