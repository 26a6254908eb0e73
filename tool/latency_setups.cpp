// What `./bulkhead bench latency` compares.

#include "latency_bench.hpp"

#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

constexpr const char* schedulers[] = {"null", "credit", "credit2", "rtds", "arinc653"};
constexpr Neighbour storms_of_all_kinds[] = {Neighbour::cpu, Neighbour::timer, Neighbour::hypercall,
                                             Neighbour::console};

bool balances(std::string_view scheduler) { return scheduler.starts_with("credit"); }

LatencyPanel panel(std::string title, const std::vector<LatencySetup>& setups)
{
    LatencyPanel panel{std::move(title), {}};
    for (const LatencySetup& setup : setups)
        panel.rows.push_back({.setup = setup});
    return panel;
}

/// Each scheduler with CPUs for all: without pinning and, where that makes a difference, with.
std::vector<LatencySetup> on_own_cpus(Neighbour neighbour)
{
    std::vector<LatencySetup> setups;
    for (const char* scheduler : schedulers) {
        setups.push_back({.scheduler = scheduler, .neighbour = neighbour});
        if (balances(scheduler))
            setups.push_back({.scheduler = scheduler, .neighbour = neighbour, .pinned = true});
    }
    return setups;
}

std::vector<LatencySetup> on_one_cpu(Neighbour neighbour)
{
    std::vector<LatencySetup> setups;
    for (const Ground ground : {Ground::bulkhead, Ground::xen})
        for (const char* scheduler : schedulers)
            if (std::string_view{scheduler} != "null")
                for (const char* vwfi : {"native", ground == Ground::xen ? "trap" : "auto"})
                    setups.push_back({.ground = ground,
                                      .scheduler = scheduler,
                                      .neighbour = neighbour,
                                      .shares_cpu = true,
                                      .vwfi = vwfi});
    return setups;
}

} // namespace

std::string name_of(Neighbour neighbour)
{
    switch (neighbour) {
    case Neighbour::nobody: return "nobody";
    case Neighbour::linux_idle: return "Linux";
    case Neighbour::cpu: return "cpu";
    case Neighbour::timer: return "timer";
    case Neighbour::hypercall: return "hypercall";
    case Neighbour::console: break;
    }
    return "console";
}

std::string LatencySetup::title() const
{
    return fmt::format("{} {}{}{}", name_of(ground), scheduler, pinned ? ", pinned" : "",
                       vwfi == "native" ? "" : ", vwfi=" + vwfi);
}

std::uint32_t LatencySetup::cpus() const
{
    if (shares_cpu || neighbour == Neighbour::nobody) return 1;
    return neighbour == Neighbour::linux_idle ? 3 : 2;
}

std::vector<LatencyPanel> latency_panels(bool storms)
{
    std::vector<LatencySetup> alone;
    for (const Ground ground : {Ground::bulkhead, Ground::xen})
        for (const char* scheduler : schedulers)
            for (const char* vwfi : {"native", "trap"})
                alone.push_back({.ground = ground, .scheduler = scheduler, .vwfi = vwfi});
    std::vector<LatencyPanel> panels{
        panel("alone on the machine, 1 CPU", alone),
        panel("beside an idle Linux with 2 vCPUs, 3 CPUs", on_own_cpus(Neighbour::linux_idle)),
        panel("beside an idle Linux with 2 vCPUs, all on 1 CPU",
              on_one_cpu(Neighbour::linux_idle))};
    if (!storms) return panels;
    for (const Neighbour storm : storms_of_all_kinds) {
        panels.push_back(panel(fmt::format("beside a {} storm on the other CPU", name_of(storm)),
                               on_own_cpus(storm)));
        panels.push_back(panel(fmt::format("beside a {} storm on the same CPU", name_of(storm)),
                               on_one_cpu(storm)));
    }
    return panels;
}

} // namespace bulkhead::tool
