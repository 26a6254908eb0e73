#pragma once
#include "bench_run.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bulkhead::tool {

/// Who is beside the guest whose latency is measured.
enum class Neighbour : std::uint8_t { nobody, linux_idle, cpu, timer, hypercall, console };
std::string name_of(Neighbour neighbour);

/// One row of the picture: a hypervisor, its scheduler, and where the neighbours are.
struct LatencySetup {
    Ground ground = Ground::bulkhead;
    std::string scheduler{}; ///< as in `sched=`
    Neighbour neighbour = Neighbour::nobody;
    bool shares_cpu = false; ///< all vCPUs have one CPU between them
    bool pinned = false;     ///< the guest has a CPU to itself by affinity
    std::string vwfi = "native";
    std::string timer = "virtual";

    [[nodiscard]] std::string title() const;
    /// CPUs of the machine.
    [[nodiscard]] std::uint32_t cpus() const;
};

/// In instructions, from the timer's expiry to the guest's handler.
struct LatencyFigures {
    std::uint64_t least = 0;
    std::uint64_t average = 0;
    std::uint64_t warm_most = 0; ///< without the rounds that warm up
    std::uint64_t most = 0;
    bool operator==(const LatencyFigures&) const = default;
};

struct LatencyRow {
    LatencySetup setup;
    std::optional<LatencyFigures> figures{};
    std::string remark{}; ///< why there are no figures
};

/// Rows that share a headline.
struct LatencyPanel {
    std::string title;
    std::vector<LatencyRow> rows;
};

/// What is to be measured, without figures. Storms come with more runs.
std::vector<LatencyPanel> latency_panels(bool storms);
LatencyRow measure_latency(Session& session, const LatencySetup& setup);
/// All of them. A scheduler that a hypervisor does not have is asked for once.
std::vector<LatencyPanel> measure_panels(Session& session, std::vector<LatencyPanel> panels);

/// Why rows have no figures, a line for each hypervisor and reason.
std::vector<std::string> absent_rows(const LatencyPanel& panel);

std::string latency_table(const std::vector<LatencyPanel>& panels);
std::string latency_csv(const std::vector<LatencyPanel>& panels);
/// An SVG picture: for each row bars for least, average, warm most and most.
std::string latency_chart(const std::vector<LatencyPanel>& panels);

} // namespace bulkhead::tool
