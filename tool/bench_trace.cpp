#include "bench_run.hpp"

#include "byte_size.hpp"
#include "failure.hpp"
#include "file_contents.hpp"
#include "name_value_words.hpp"
#include "system_run.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <sstream>
#include <thread>

namespace bulkhead::tool {
namespace {

constexpr std::chrono::seconds longest_trace{120};

/// What EL2 did from an exception to its return, as bench/trace/el2_trace.cpp writes it.
struct Visit {
    std::uint64_t cpu = 0;
    std::uint64_t entry = 0; ///< address of the vector
    std::uint64_t times = 0;
    std::uint64_t instructions = 0;
    std::uint64_t code_lines = 0;
    std::uint64_t data_lines = 0;
};

struct Trace {
    std::vector<Visit> visits; ///< the most frequent first
    std::uint64_t total = 0;

    /// How many instructions half of a CPU's visits of a vector take at most.
    [[nodiscard]] std::uint64_t median(std::uint64_t cpu, std::uint64_t vector) const
    {
        std::vector<std::uint64_t> all;
        for (const Visit& visit : visits)
            if (visit.cpu == cpu && visit.entry % 0x800 == vector)
                all.insert(all.end(), visit.times, visit.instructions);
        if (all.empty()) (void)most_frequent(cpu, vector);
        const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
        std::ranges::nth_element(all, middle);
        return *middle;
    }

    /// The most frequent one; throws Failure if there is none.
    [[nodiscard]] const Visit& most_frequent(std::uint64_t cpu, std::uint64_t vector) const
    {
        for (const Visit& visit : visits)
            if (visit.cpu == cpu && visit.entry % 0x800 == vector) return visit;
        throw Failure{fmt::format("the trace has no visit of vector {:#x} on CPU {}", vector, cpu)};
    }
};

// Arm ARM, "Exception vectors": from a lower level that uses AArch64.
constexpr std::uint64_t synchronous_vector = 0x400;
constexpr std::uint64_t irq_vector = 0x480;

Trace read_trace(const std::filesystem::path& file)
{
    Trace trace;
    std::istringstream lines{read_file(file)};
    for (std::string line; std::getline(lines, line);) {
        const Words words = words_of(line);
        Visit visit;
        if (words.contains("visit") && read_numbers(words, {{"cpu", &visit.cpu},
                                                            {"times", &visit.times},
                                                            {"instructions", &visit.instructions},
                                                            {"code_lines", &visit.code_lines},
                                                            {"data_lines", &visit.data_lines}})) {
            visit.entry = std::stoull(words.find("entry")->second, nullptr, 16);
            trace.visits.push_back(visit);
        }
        std::uint64_t visits = 0;
        if (words.contains("total") && read_numbers(words, {{"visits", &visits}}))
            trace.total += visits;
    }
    return trace;
}

bool appears(const std::filesystem::path& file, std::chrono::milliseconds at_most)
{
    constexpr std::chrono::milliseconds step{10};
    for (auto waited = step; !std::filesystem::exists(file); waited += step) {
        if (waited > at_most) return false;
        std::this_thread::sleep_for(step);
    }
    return true;
}

/// What runs while the plugin counts.
struct Traced {
    std::string name; ///< of its files
    std::string cmdline;
    std::uint32_t cpus = 1;
    std::string scheduler{}; ///< with the usual WFI, if not null and a native one
    unsigned domains = 1;    ///< with the same guest on the same CPU
};

SystemRequest traced_request(const Session& session, const BenchMachine& machine,
                             const Traced& traced)
{
    SystemRequest request = bench_request(session, machine, traced.cmdline, traced.cpus);
    request.change = [traced, change = request.change](SystemDescription& description) {
        change(description);
        if (!traced.scheduler.empty())
            description.machine.bootargs.value =
                "console=dtuart bootscrub=off sched=" + traced.scheduler;
        if (traced.domains == 1) return;
        description.machine.memory->value = 2 * gibibyte;
        DomainDescription domain = description.domains.at(0);
        domain.memory.value = 4 * mebibyte;
        domain.cpus.reset();
        description.domains.clear();
        for (unsigned n = 0; n < traced.domains; ++n) {
            domain.name.value = fmt::format("guest{}", n);
            description.domains.push_back(domain);
        }
    };
    return request;
}

Trace trace_of(Session& session, const BenchMachine& machine, const Traced& traced)
{
    const std::filesystem::path file =
        session.project.logs() / fmt::format("trace-{}-{}.txt", machine.name(), traced.name);
    std::filesystem::remove(file);
    // Where EL2's code is, and its direct map of devices: arm64/layout.hpp.
    const bool is_virt = machine.kind == MachineKind::virt;
    const std::string plugin = fmt::format(
        "{},low=0x400000000000,high=0x400000200000,device={},out={}",
        (session.project.host_build() / "bench" / "libel2_trace.so").string(),
        is_virt ? "0x800000000000-0x800040000000" : "0x8000f0000000-0x800100000000", file.string());
    const auto is_over = [&](const ConsoleLine& line, Elapsed) {
        return !line.domain && line.text.starts_with("all domains have stopped") &&
               appears(file, std::chrono::seconds{10});
    };
    RunRequest run{.system = traced_request(session, machine, traced),
                   .shown = session.progress.verbose(),
                   .at_most = longest_trace,
                   .log_name = fmt::format("trace-{}-{}", machine.name(), traced.name),
                   .watcher = is_over,
                   .more_arguments = {"-plugin", plugin}};
    run_system(session, run);
    if (!std::filesystem::exists(file))
        throw Failure{fmt::format("{}: the traced run did not come to its end; its console: {}",
                                  traced.name,
                                  (session.project.logs() / (run.log_name + ".log")).string())};
    return read_trace(file);
}

/// Exceptions that EL2 takes in a second in which nothing happens: the difference of two runs.
std::uint64_t exceptions_per_second(Session& session, const BenchMachine& machine,
                                    const std::string& rows, const std::string& scheduler = "")
{
    constexpr std::uint64_t short_ms = 50;
    constexpr std::uint64_t long_ms = 250;
    const auto total = [&](std::uint64_t ms) {
        const auto cmdline = fmt::format("rows={} ms={}", rows, ms);
        return trace_of(session, machine, {rows, cmdline, 1, scheduler}).total;
    };
    const std::uint64_t some = total(short_ms);
    const std::uint64_t more = total(long_ms);
    return (more - some) * 1000 / (long_ms - short_ms);
}

/// From the timer that ends a vCPU's time to the next one's instruction, with so many that never
/// wait.
Figure switch_between(Session& session, const BenchMachine& machine, unsigned vcpus)
{
    const Trace trace = trace_of(session, machine,
                                 {.name = fmt::format("switch-{}", vcpus),
                                  .cmdline = "rows=busy ms=500",
                                  .scheduler = "credit2",
                                  .domains = vcpus});
    return Figure::of(trace.median(0, irq_vector));
}

} // namespace

Column measure_sharing(Session& session, const BenchMachine& machine)
{
    Column column;
    for (const unsigned vcpus : {2U, 16U, 31U})
        column[fmt::format("switch_{}", vcpus)] = switch_between(session, machine, vcpus);
    std::uint64_t exceptions = 0;
    for (const char* scheduler : {"credit", "credit2", "rtds"})
        exceptions += exceptions_per_second(session, machine, "busy", scheduler);
    column["lone_exceptions"] = Figure::of(exceptions);
    return column;
}

Column measure_trace(Session& session, const BenchMachine& machine)
{
    session.progress.step(
        "building the plugin that counts",
        {{"cmake", "--build", session.project.host_build().string(), "--target", "el2_trace"}},
        "el2-trace");
    session.progress.say(fmt::format("tracing EL2 on {}", machine.name()));
    const Trace timer = trace_of(session, machine, {"timer", "rows=timer"});
    const Visit& path = timer.most_frequent(0, irq_vector);
    const Trace pair = trace_of(session, machine, {"pair", "rows=pair", 2});
    return {{"timer_lines", Figure::of(path.code_lines + path.data_lines)},
            {"sgi_other_el2", Figure::of(pair.most_frequent(0, synchronous_vector).instructions +
                                         pair.most_frequent(1, irq_vector).instructions)},
            {"idle_exceptions", Figure::of(exceptions_per_second(session, machine, "idle"))},
            {"busy_exceptions", Figure::of(exceptions_per_second(session, machine, "busy"))}};
}

} // namespace bulkhead::tool
