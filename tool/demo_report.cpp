#include "demo_report.hpp"

#include "byte_size.hpp"
#include "nearest_name.hpp"
#include "progress.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bulkhead::tool {
namespace {

std::string plural(std::uint64_t count, std::string_view noun)
{
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string where_it_runs(const DomainDescription& domain)
{
    std::string text = plural(domain.vcpus.value, "vCPU");
    if (!domain.cpus) return text;
    std::vector<std::string> cpus;
    for (const std::uint32_t cpu : domain.cpus->value)
        cpus.push_back(std::to_string(cpu));
    return text + fmt::format(" on CPU{} {}", cpus.size() == 1 ? "" : "s", enumeration(cpus));
}

std::string since(std::optional<Elapsed> begin, std::optional<Elapsed> when)
{
    if (!begin || !when) return "never";
    return format_duration(*when - *begin);
}

std::string what_ran(const DemoFigures& figures, std::size_t width)
{
    const MachineFacts& machine = figures.plan.machine;
    std::string text =
        fmt::format("What ran\n  {:<{}}  {} ({}): {}, GICv{}, {}\n", "machine", width,
                    machine.title, figures.emulator, plural(machine.cpus, "CPU"), machine.gic,
                    format_byte_size(machine.ram_size()));
    for (const DomainDescription& domain : figures.plan.description.domains)
        text += fmt::format("  {:<{}}  {}, {}, {}\n", domain.name.value, width,
                            domain.kernel->source.value, where_it_runs(domain),
                            format_byte_size(domain.memory.value));
    for (const auto& guest : figures.observer.linux_guests())
        text += fmt::format("  {:<{}}  says: {}\n", guest.name, width, guest.shell);
    return text;
}

std::string boot_times(const DemoFigures& figures, std::size_t width)
{
    const DemoObserver& observer = figures.observer;
    const auto begin = observer.hypervisor_at();
    std::string text = "Boot times, from the hypervisor's first line, by this computer's clock\n";
    if (const auto microseconds = observer.boot_microseconds())
        text += fmt::format("  {:<{}}  entry to first domain {:.3f} ms, by its own clock\n",
                            "bulkhead", width, static_cast<double>(*microseconds) / 1000.0);
    const auto& domains = figures.plan.description.domains;
    for (std::size_t index = 0; index < domains.size(); ++index) {
        const auto number = static_cast<unsigned>(index + 1);
        text += fmt::format("  {:<{}}  first line {}", domains[index].name.value, width,
                            since(begin, observer.first_line_of(number)));
        for (const auto& guest : observer.linux_guests())
            if (guest.domain == number)
                text += fmt::format(", shell {}, powered off {}", since(begin, guest.shell_at),
                                    since(begin, guest.powered_off_at));
        text += "\n";
    }
    return text;
}

std::string latency_line(std::string_view what, const LatencyReport::Summary& summary,
                         std::string_view remark)
{
    return fmt::format("  {:<28}{:>9}{:>9}{:>9}   {}\n", what, summary.least, summary.average,
                       summary.most, remark);
}

std::string latencies(const DemoFigures& figures)
{
    std::string text = fmt::format("Latency, from the virtual timer's expiry to the guest's "
                                   "handler\n  {:<28}{:>9}{:>9}{:>9}\n",
                                   "", "min", "avg", "max");
    if (const auto& summary = figures.observer.latency().summary())
        text += latency_line(
            fmt::format("this run, {}", summary->unit), *summary,
            fmt::format("{} samples; emulated, with this computer's noise", summary->samples));
    if (const auto& summary = figures.instructions)
        text += latency_line("GICv3, instructions", *summary,
                             fmt::format("budget {}: {}", latency_budget,
                                         summary->most <= latency_budget ? "kept" : "exceeded"));
    text += "  Instructions are from a second, deterministic run on virt, the same every time. "
            "QEMU counts\n"
            "  instructions, not cycles. The same figure of others: Xen 4.22 1023, Bao 203, bare "
            "metal 4.\n";
    return text;
}

nlohmann::json as_json(const LatencyReport::Summary& summary, const std::string& unit)
{
    return {{"samples", summary.samples},
            {"min", summary.least},
            {"avg", summary.average},
            {"max", summary.most},
            {"unit", unit}};
}

nlohmann::json as_json(std::optional<Elapsed> when)
{
    return when ? nlohmann::json(when->count()) : nlohmann::json(nullptr);
}

} // namespace

std::string demo_table(const DemoFigures& figures)
{
    std::size_t width = std::string_view{"bulkhead"}.size();
    for (const DomainDescription& domain : figures.plan.description.domains)
        width = std::max(width, domain.name.value.size());
    return what_ran(figures, width) + boot_times(figures, width) + latencies(figures);
}

std::string demo_json(const DemoFigures& figures)
{
    const DemoObserver& observer = figures.observer;
    const MachineFacts& machine = figures.plan.machine;
    nlohmann::json json;
    json["machine"] = {{"name", machine.title},
                       {"cpus", machine.cpus},
                       {"gic", machine.gic},
                       {"memory", machine.ram_size()},
                       {"emulator", figures.emulator}};
    json["hypervisor_first_line_ms"] = as_json(observer.hypervisor_at());
    if (const auto microseconds = observer.boot_microseconds())
        json["entry_to_first_domain_us"] = *microseconds;
    for (const auto& guest : observer.linux_guests())
        json["linux"].push_back({{"name", guest.name},
                                 {"says", guest.shell},
                                 {"shell_ms", as_json(guest.shell_at)},
                                 {"powered_off_ms", as_json(guest.powered_off_at)}});
    if (const auto& summary = observer.latency().summary())
        json["latency"] = as_json(*summary, summary->unit);
    for (const auto& bucket : observer.latency().buckets())
        json["latency"]["buckets"].push_back(
            {{"from", bucket.from}, {"to", bucket.to}, {"count", bucket.count}});
    if (figures.instructions) {
        json["latency_instructions"] = as_json(*figures.instructions, "instructions");
        json["latency_instructions"]["budget"] = latency_budget;
    }
    return json.dump(2) + "\n";
}

} // namespace bulkhead::tool
