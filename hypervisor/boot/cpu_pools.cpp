#include "boot/cpu_pools.hpp"

#include "base/bits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "boot/complaints.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::boot {
namespace {

using devicetree::Node;
using devicetree::Tree;
using sched::Kind;

constexpr std::string_view compatible = "xen,cpupool";

// Of the domain, for credit and credit2; then of a vCPU, for rtds.
constexpr std::string_view weight = "bulkhead,sched-weight";
constexpr std::string_view cap = "bulkhead,sched-cap";
constexpr std::string_view period = "bulkhead,sched-period-us";
constexpr std::string_view budget = "bulkhead,sched-budget-us";
constexpr std::string_view extratime = "bulkhead,sched-extratime";
constexpr std::string_view parameters[] = {weight, cap, period, budget, extratime};
constexpr std::size_t shared_parameters = 2;
/// rtds has no shorter periods and budgets (xl-sched-rtds).
constexpr std::uint32_t least_us = 10;
constexpr std::uint32_t most_us = ~0U;

// Of a pool, for arinc653: windows of a domain's phandle, a vCPU and a time; and their frame.
constexpr std::string_view schedule = "bulkhead,sched-schedule";
constexpr std::string_view major_frame = "bulkhead,sched-major-frame-us";
constexpr std::size_t window_size = 3 * sizeof(std::uint32_t);
/// Has the windows in which nobody runs; no domain's number (Xen's DOMID_IDLE).
constexpr DomainId nobody{0x7fff};

std::optional<Node> node_named(const Tree& tree, Result<std::uint64_t> phandle)
{
    return phandle ? tree.with_phandle(static_cast<std::uint32_t>(*phandle)) : std::nullopt;
}

/// An entry of a schedule.
struct WindowEntry {
    std::uint32_t phandle;
    std::uint32_t vcpu;
    std::uint32_t microseconds;
    /// Whose it is; end(): nobody's.
    const DomainDescription* domain;
};

WindowEntry window_at(const devicetree::Property& property, std::size_t n, const Tree& tree,
                      const DomainDescriptions& domains)
{
    const auto cell = [&](std::size_t i) {
        return static_cast<std::uint32_t>(property.cells(n * window_size / 4 + i, 1).value_or(0));
    };
    const auto phandle = cell(0);
    const auto node = phandle == 0 ? std::nullopt : tree.with_phandle(phandle);
    return {.phandle = phandle,
            .vcpu = cell(1),
            .microseconds = cell(2),
            .domain = std::ranges::find(domains, node.value_or(Node{}), &DomainDescription::node)};
}

class Reader : protected Complaints {
protected:
    using Complaints::Complaints;

    void check(const Node& node, std::string_view name, std::uint32_t least, std::uint32_t most)
    {
        const auto property = node.property(name);
        if (!property) return;
        const auto value = property->u32();
        if (!value)
            wrong(node, "{} has to be one cell, from {} to {}", name, least, most);
        else if (*value < least || *value > most)
            wrong(node, "{} = {} has to be from {} to {}", name, *value, least, most);
    }
};

class PoolReader : Reader {
public:
    PoolReader(PoolDescription& pool, const Tree& tree, Report& report)
        : Reader(pool.is_wrong, report), pool_(pool), node_(pool.node), tree_(tree)
    {
    }

    void read_node(const devicetree::Processors& processors, unsigned cpu_count, CpuMask& taken)
    {
        read_scheduler();
        read_cpus(processors, cpu_count, taken);
        if (pool_.kind == Kind::arinc653 && std::popcount(pool_.cpus) > 1)
            wrong(node_, "cpupool-cpus: arinc653 takes one CPU; make more pools");
    }

    /// Once it is known which domains are in the pool of this number.
    void read_schedule(const DomainDescriptions& domains, unsigned number)
    {
        const auto property = node_.property(schedule);
        if (pool_.kind != Kind::arinc653) {
            if (property || node_.has(major_frame))
                report_.warning("{}: {} has no effect: the scheduler is {}, not arinc653",
                                node_.path(), property ? schedule : major_frame,
                                sched::name_of(pool_.kind));
            return;
        }
        if (!property &&
            std::ranges::find(domains, number, &DomainDescription::pool) == domains.end())
            return;
        const auto count = property ? property->value().size() / window_size : 0;
        if (count == 0 || count > sched::Arinc653Scheduler::most_windows ||
            property->value().size() % window_size != 0)
            return wrong(node_,
                         "{} has to be 1 to {} windows: <&domain vcpu us>, or <0 0 us> for nobody",
                         schedule, sched::Arinc653Scheduler::most_windows);
        std::uint64_t sum = 0;
        for (std::size_t n = 0; n < count; ++n)
            sum += check_window(n, window_at(*property, n, tree_, domains), domains, number);
        check(node_, major_frame, 1, most_us);
        const auto frame = node_.u32(major_frame);
        if (sum > (frame ? *frame : most_us))
            wrong(node_, "{} = {}, but the windows take {}; make it that at least", major_frame,
                  frame ? *frame : most_us, sum);
    }

private:
    void read_scheduler()
    {
        const auto name = node_.string("cpupool-sched");
        if (!name && name.error() == Error::no_entry) return;
        const auto* const known = std::ranges::find(sched::kind_names, name.value_or("?"));
        if (known != std::end(sched::kind_names)) {
            pool_.kind = sched::kind_of(static_cast<std::size_t>(known - sched::kind_names));
            return;
        }
        const auto near = text::nearest(name.value_or("?"), sched::kind_names);
        wrong(node_, "cpupool-sched = \"{}\" has to be credit, credit2, arinc653, rtds or null{}{}",
              name.value_or("?"), near.empty() ? "" : "; the nearest is ", near);
    }

    void read_cpus(const devicetree::Processors& processors, unsigned cpu_count, CpuMask& taken)
    {
        const auto cpus = node_.property("cpupool-cpus");
        if (!cpus || cpus->value().empty() || cpus->value().size() % sizeof(std::uint32_t) != 0 ||
            cpus->cell_count() > processors.all.size())
            return wrong(node_, "cpupool-cpus has to name CPUs, each once: <&cpu2 &cpu3>");
        for (std::size_t n = 0; n < cpus->cell_count(); ++n) {
            const auto node = node_named(tree_, cpus->cells(n, 1));
            const unsigned cpu = node ? processors.number_of(*node) : max_cpus;
            const bool is_free = cpu < cpu_count && (taken & bit(cpu)) == 0;
            if (is_free)
                pool_.cpus |= bit(cpu);
            else
                wrong(node_, "entry {} of cpupool-cpus, {}: {}", n,
                      node ? node->path() : devicetree::Path{},
                      cpu < cpu_count ? "that CPU is in a pool already"
                                      : "no CPU that runs; name such: <&cpu2>");
            taken |= pool_.cpus;
        }
    }

    /// How long it is.
    std::uint64_t check_window(std::size_t n, const WindowEntry& entry,
                               const DomainDescriptions& domains, unsigned number)
    {
        const auto* const domain = entry.domain;
        std::string_view problem;
        if (domain == domains.end() ? entry.phandle != 0 : domain->pool != number)
            problem = "the first is no phandle of a domain in this pool, nor 0";
        else if (domain != domains.end() && entry.vcpu >= domain->vcpus && !domain->is_wrong)
            problem = "the domain has no such vCPU";
        else if (entry.microseconds == 0)
            problem = "1 us is the least";
        if (!problem.empty())
            wrong(node_, "window {} of {}, <{x} {} {}>: {}", n, schedule, entry.phandle, entry.vcpu,
                  entry.microseconds, problem);
        return entry.microseconds;
    }

    PoolDescription& pool_;
    Node node_;
    const Tree& tree_;
};

class PoolMember : Reader {
public:
    PoolMember(DomainDescription& domain, Report& report)
        : Reader(domain.is_wrong, report), domain_(domain), node_(domain.node)
    {
    }

    void find_pool(const Tree& tree, const PoolDescriptions& pools)
    {
        if (const auto property = node_.property("domain-cpupool")) {
            const auto named = node_named(tree, property->u32());
            const auto* const pool =
                std::ranges::find(pools, named.value_or(Node{}), &PoolDescription::node);
            if (pool == pools.end() || !pool->node.is_compatible(compatible))
                wrong(node_, "domain-cpupool has to name a node of compatible = \"{}\": <&pool>",
                      compatible);
            else
                domain_.pool = static_cast<std::uint8_t>(pool - pools.begin());
        }
        domain_.scheduler = pools[domain_.pool].kind;
    }

    void check_parameters()
    {
        check_names(node_, parameters);
        check(node_, weight, 1, 65'535);
        check(node_, cap, 0, 100 * domain_.vcpus);
        check_reservation(node_);
        for (const auto child : node_.children())
            if (child.is_compatible("xen,vcpu")) {
                check_names(child, std::span{parameters}.subspan(shared_parameters));
                check_reservation(child);
            }
        for (unsigned vcpu = 0; vcpu < domain_.vcpus && domain_.scheduler == Kind::rtds; ++vcpu)
            if (const auto given = parameters_of(domain_, vcpu); given.budget_us > given.period_us)
                return wrong(node_, "vCPU {} has {} = {}, more than {} = {}; make it that at most",
                             vcpu, budget, given.budget_us, period, given.period_us);
    }

    /// What of it never ran would look like a guest that hangs.
    void check_pool(const PoolDescription& pool, const Tree& tree,
                    const DomainDescriptions& domains)
    {
        if (pool.is_wrong) return wrong(node_, "its CPU pool, {}, is wrong", pool.node.path());
        if (pool.kind != Kind::arinc653) return;
        const auto own = schedule_of(pool, tree, domains);
        for (unsigned vcpu = 0; vcpu < domain_.vcpus; ++vcpu)
            if (std::ranges::none_of(own.windows, [&](const auto& window) {
                    return window.domain == domain_.id && window.vcpu == VcpuId{vcpu};
                }))
                wrong(node_, "vCPU {} has no window in {} of {}; add one", vcpu, schedule,
                      pool.node.path());
    }

private:
    void check_names(const Node& node, std::span<const std::string_view> known)
    {
        const bool shares = domain_.scheduler == Kind::credit || domain_.scheduler == Kind::credit2;
        for (const auto property : node.properties()) {
            const auto name = property.name();
            if (!name.starts_with("bulkhead,sched-")) continue;
            const bool is_share = name == weight || name == cap;
            if (std::ranges::find(known, name) == known.end())
                report_.warning("{}: {} is unknown; see doc/scheduling.md", node.path(), name);
            else if (is_share ? !shares : domain_.scheduler != Kind::rtds)
                report_.warning("{}: {} is for {}, and has no effect under {}", node.path(), name,
                                is_share ? "credit and credit2" : "rtds",
                                sched::name_of(domain_.scheduler));
        }
    }

    void check_reservation(const Node& node)
    {
        check(node, period, least_us, most_us);
        check(node, budget, least_us, most_us);
        check(node, extratime, 0, 1);
    }

    DomainDescription& domain_;
    Node node_;
};

/// What no node names is a pool, too: the first, if it has CPU 0.
void collect(const Tree& tree, const devicetree::Processors& processors, unsigned cpu_count,
             Kind usual, PoolDescriptions& pools, Report& report)
{
    const auto chosen = tree.at_path("/chosen");
    static_cast<void>(pools.push({.node = chosen.value_or(tree.root()), .kind = usual}));
    CpuMask taken = 0;
    if (chosen)
        for (const auto node : chosen->children()) {
            if (!node.is_compatible(compatible)) continue;
            if (!pools.push({.node = node, .kind = usual})) {
                report.error("{}: there is room for {} CPU pools; remove one", node.path(),
                             pools.capacity - 1);
                break;
            }
            PoolReader{pools.back(), tree, report}.read_node(processors, cpu_count, taken);
        }
    auto& rest = pools[0];
    rest.cpus = bits(cpu_count - 1, 0) & ~taken;
    if (const auto more = rest.cpus & (rest.cpus - 1); usual == Kind::arinc653 && more != 0) {
        report.warning("sched=arinc653 takes one CPU; others in no pool (mask {x}) run nothing",
                       more);
        rest.cpus &= ~more;
    }
    auto* const first =
        std::ranges::find_if(pools, [](auto& pool) { return (pool.cpus & 1) != 0; });
    if (first != &rest && first != pools.end()) std::swap(rest, *first);
}

} // namespace

void read_pools(const Tree& tree, const devicetree::Processors& processors, unsigned cpu_count,
                Kind usual, DomainDescriptions& domains, PoolDescriptions& pools, Report& report)
{
    collect(tree, processors, cpu_count, usual, pools, report);
    for (auto& domain : domains) {
        PoolMember reader{domain, report};
        reader.find_pool(tree, pools);
        if (domain.vcpus != 0) reader.check_parameters();
    }
    for (unsigned n = 0; n < pools.size(); ++n)
        if (pools[n].cpus != 0) PoolReader{pools[n], tree, report}.read_schedule(domains, n);
    for (auto& domain : domains)
        if (!domain.is_wrong)
            PoolMember{domain, report}.check_pool(pools[domain.pool], tree, domains);
}

sched::Parameters parameters_of(const DomainDescription& domain, unsigned vcpu)
{
    sched::Parameters given;
    const auto take = [](const Node& node, std::string_view name, auto& value) {
        value =
            static_cast<std::remove_reference_t<decltype(value)>>(node.u32(name).value_or(value));
    };
    take(domain.node, weight, given.weight);
    take(domain.node, cap, given.cap);
    for (const auto& node : {std::optional{domain.node}, vcpu_node(domain, vcpu)}) {
        if (!node) continue;
        take(*node, period, given.period_us);
        take(*node, budget, given.budget_us);
        take(*node, extratime, given.extratime);
    }
    return given;
}

Schedule schedule_of(const PoolDescription& pool, const Tree& tree,
                     const DomainDescriptions& domains)
{
    Schedule made;
    const auto property = pool.node.property(schedule);
    if (!property) return made;
    std::uint64_t sum = 0;
    for (std::size_t n = 0; n < property->value().size() / window_size; ++n) {
        const auto entry = window_at(*property, n, tree, domains);
        static_cast<void>(
            made.windows.push({.domain = entry.domain == domains.end() ? nobody : entry.domain->id,
                               .vcpu = VcpuId{entry.vcpu},
                               .run_time = entry.microseconds * 1000ULL}));
        sum += entry.microseconds;
    }
    made.major_frame_ns = pool.node.u32(major_frame).value_or(0) * 1000ULL;
    if (made.major_frame_ns == 0) made.major_frame_ns = sum * 1000;
    return made;
}

void start_pools(const Tree& tree, const DomainDescriptions& domains, const PoolDescriptions& pools,
                 const sched::Options& options)
{
    const auto& first = pools[0];
    if (pools.size() == 1 && first.kind == Kind::null) return; // as it is until now
    sched::pools::start(first.kind, options, first.is_wrong ? 0 : first.cpus);
    for (const auto& pool : pools) {
        if (pool.is_wrong || pool.cpus == 0) continue;
        sched::pools::PoolId id{0};
        if (&pool != &first) {
            id = *sched::pools::create(pool.kind);
            for_each_bit(pool.cpus, [&](unsigned cpu) {
                static_cast<void>(sched::pools::add_cpu(id, CpuId{cpu}));
            });
        }
        const auto own = schedule_of(pool, tree, domains);
        if (pool.kind == Kind::arinc653)
            static_cast<void>(sched::pools::set_schedule(id, own.windows, own.major_frame_ns));
        log::info("CPU pool {}: {}, CPUs {x}", id, sched::name_of(pool.kind), pool.cpus);
    }
}

} // namespace bulkhead::boot
