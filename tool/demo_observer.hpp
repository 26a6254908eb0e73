#pragma once
#include "console_session.hpp"
#include "latency_report.hpp"
#include "system_description.hpp"

namespace bulkhead::tool {

/// Follows a demo's console and remembers what was seen, and when.
class DemoObserver {
public:
    explicit DemoObserver(const SystemDescription& description);

    /// Takes in a line. True once everything a demo has to show has been seen.
    bool see(const ConsoleLine& line, Elapsed when);

    /// What has not been seen, in words; empty once everything has.
    [[nodiscard]] std::vector<std::string> missing() const;

    /// What a Linux guest did.
    struct LinuxGuest {
        unsigned domain = 0;
        std::string name;
        std::string shell{}; ///< what its shell said it runs on
        std::optional<Elapsed> shell_at{};
        std::optional<Elapsed> powered_off_at{};
    };

    [[nodiscard]] const std::vector<LinuxGuest>& linux_guests() const { return linux_guests_; }
    [[nodiscard]] const LatencyReport& latency() const { return latency_; }
    /// When the hypervisor's first line came, which is where the other times count from.
    [[nodiscard]] std::optional<Elapsed> hypervisor_at() const { return hypervisor_at_; }
    /// When a domain's first line came.
    [[nodiscard]] std::optional<Elapsed> first_line_of(unsigned domain) const;
    /// From its entry to the first domain's start, by the hypervisor's own clock.
    [[nodiscard]] std::optional<std::uint64_t> boot_microseconds() const
    {
        return boot_microseconds_;
    }

private:
    std::vector<LinuxGuest> linux_guests_;
    std::optional<unsigned> latency_domain_;
    LatencyReport latency_;
    std::optional<Elapsed> hypervisor_at_;
    std::vector<std::optional<Elapsed>> first_lines_; ///< by domain number
    std::optional<std::uint64_t> boot_microseconds_;
};

} // namespace bulkhead::tool
