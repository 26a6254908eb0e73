#include "bench_chart.hpp"
#include "bench_session.hpp"
#include "command.hpp"
#include "failure.hpp"
#include "file_contents.hpp"
#include "latency_bench.hpp"

#include <fmt/format.h>
#include <memory>

namespace bulkhead::tool {
namespace {

struct BenchOptions {
    std::string machine = "virt";
    unsigned gic = 0;
    bool check = false;
    bool storms = false;
};

void draw(Session& session, const std::filesystem::path& picture)
{
    std::filesystem::path png = picture;
    png.replace_extension(".png");
    session.progress.step("drawing the chart",
                          {{"rsvg-convert", "--output", png.string(), picture.string()}},
                          "bench-chart");
}

void write_results(Session& session, const BenchResult& result)
{
    const std::filesystem::path folder = session.project.out() / "bench";
    write_file(folder / (result.machine + ".csv"), bench_csv(result));
    write_file(folder / (result.machine + ".json"), bench_json(result));
    const std::filesystem::path picture = folder / (result.machine + ".svg");
    write_file(picture, bench_chart(result));
    draw(session, picture);
    fmt::print("\nThe same in {}: {}.csv, .json, .svg, .png\n", folder.string(), result.machine);
}

int bench(Session& session, const BenchOptions& options)
{
    const bool is_zcu102 = options.machine == "zcu102";
    if (is_zcu102 && options.gic == 3)
        throw Failure{"--gic 3: zcu102 has a GICv2; leave --gic out, or use --machine virt"};
    const BenchMachine machine{is_zcu102 ? MachineKind::zcu102 : MachineKind::virt,
                               is_zcu102          ? 2U
                               : options.gic == 0 ? 3U
                                                  : options.gic};
    const BenchResult result = run_bench(session, machine, {});
    fmt::print("\n{}", bench_table(result));
    write_results(session, result);
    if (!options.check) return 0;
    std::vector<RowSource> sources{RowSource::guest, RowSource::size, RowSource::trace};
    if (!is_zcu102) sources.push_back(RowSource::linux_boot);
    if (machine.name() == "virt-gicv3")
        sources.insert(sources.end(), {RowSource::scale, RowSource::latency});
    const std::string excess = bench_excess(result, sources);
    fmt::print("{}", excess.empty() ? "\nAll budgets are kept.\n" : "\n" + excess);
    return excess.empty() ? 0 : 1;
}

int bench_latency(Session& session, bool storms)
{
    const std::vector<LatencyPanel> panels = measure_panels(session, latency_panels(storms));
    fmt::print("\n{}", latency_table(panels));
    const std::filesystem::path folder = session.project.out() / "bench";
    std::filesystem::create_directories(folder);
    write_file(folder / "latency.csv", latency_csv(panels));
    write_file(folder / "latency.svg", latency_chart(panels));
    draw(session, folder / "latency.svg");
    fmt::print("\nThe same in {}: latency.csv, .svg, .png\n", folder.string());
    return 0;
}

} // namespace

void add_bench_command(CLI::App& line, Chosen& chosen)
{
    CLI::App* command = line.add_subcommand(
        "bench", "count instructions: bare metal, Bulkhead and Debian's Xen, against the budgets");
    const auto options = std::make_shared<BenchOptions>();
    command->add_option("--machine", options->machine, "virt (the usual) or zcu102")
        ->check(CLI::IsMember({"virt", "zcu102"}));
    command->add_option("--gic", options->gic, "virt's interrupt controller: 3 (the usual) or 2")
        ->check(CLI::IsMember({2U, 3U}));
    command->add_flag("--check", options->check, "fail if a budget is exceeded");
    CLI::App* latency = command->add_subcommand(
        "latency", "a guest's interrupt latency under each scheduler, alone and beside others");
    latency->add_flag("--storms", options->storms,
                      "beside CPU, timer, hypercall and console storms too");
    latency->callback([=, &chosen] {
        chosen = [=](Session& session) { return bench_latency(session, options->storms); };
    });
    command->callback([=, &chosen] {
        if (*latency) return;
        chosen = [=](Session& session) { return bench(session, *options); };
    });
}

} // namespace bulkhead::tool
