#include "demo_observer.hpp"

#include "busybox_initrd.hpp"

#include <charconv>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

constexpr std::string_view linux_image = "debian:linux";
constexpr std::string_view latency_image = "guest:latency";
constexpr std::string_view power_down_message = "reboot: Power down"; // Linux, kernel/reboot.c
constexpr std::string_view boot_message = "boot: first domain after ";

} // namespace

DemoObserver::DemoObserver(const SystemDescription& description)
    : first_lines_(description.domains.size() + 1)
{
    for (std::size_t index = 0; index < description.domains.size(); ++index) {
        const DomainDescription& domain = description.domains[index];
        if (!domain.kernel) continue;
        const auto number = static_cast<unsigned>(index + 1);
        if (domain.kernel->source.value == linux_image)
            linux_guests_.push_back({.domain = number, .name = domain.name.value});
        if (domain.kernel->source.value == latency_image) latency_domain_ = number;
    }
}

bool DemoObserver::see(const ConsoleLine& line, Elapsed when)
{
    const std::string_view text = line.text;
    if (!hypervisor_at_) hypervisor_at_ = when;
    if (!line.domain) {
        if (text.starts_with(boot_message)) {
            std::uint64_t microseconds = 0;
            const char* digits = text.data() + boot_message.size();
            if (std::from_chars(digits, text.data() + text.size(), microseconds).ec == std::errc{})
                boot_microseconds_ = microseconds;
        }
        return missing().empty();
    }
    if (*line.domain < first_lines_.size() && !first_lines_[*line.domain])
        first_lines_[*line.domain] = when;
    if (line.domain == latency_domain_) latency_.add_line(text);
    for (LinuxGuest& guest : linux_guests_) {
        if (guest.domain != *line.domain) continue;
        if (text.starts_with(shell_marker) && !guest.shell_at) {
            guest.shell_at = when;
            guest.shell = text.substr(shell_marker.size());
        }
        if (text.contains(power_down_message)) guest.powered_off_at = when;
    }
    return missing().empty();
}

std::vector<std::string> DemoObserver::missing() const
{
    std::vector<std::string> missing;
    for (const LinuxGuest& guest : linux_guests_) {
        if (!guest.shell_at)
            missing.push_back(fmt::format("{} did not reach its shell", guest.name));
        else if (!guest.powered_off_at)
            missing.push_back(fmt::format("{} did not power off", guest.name));
    }
    if (latency_domain_) {
        if (!latency_.is_done())
            missing.emplace_back("the latency guest did not finish");
        else if (!latency_.is_complete())
            missing.emplace_back(
                "the latency guest finished without its numbers (summary and histogram)");
    }
    if (!boot_microseconds_)
        missing.push_back(fmt::format("the hypervisor did not say \"{}\"",
                                      boot_message.substr(0, boot_message.size() - 1)));
    return missing;
}

std::optional<Elapsed> DemoObserver::first_line_of(unsigned domain) const
{
    return domain < first_lines_.size() ? first_lines_[domain] : std::nullopt;
}

} // namespace bulkhead::tool
