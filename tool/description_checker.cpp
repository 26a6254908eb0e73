#include "description_checker.hpp"

#include "byte_size.hpp"
#include "nearest_name.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>

namespace bulkhead::tool {
namespace {

namespace fs = std::filesystem;

// Xen's limits, which Bulkhead keeps so that a tree made for one boots the other.
constexpr std::size_t longest_command_line = 1023;
constexpr std::size_t most_modules = 32;
constexpr std::uint64_t most_domain_memory =
    0xC000'0000ULL + 0xFE'0000'0000ULL;  // guest RAM banks 0 and 1
constexpr std::uint32_t most_spis = 988; // INTIDs 32 to 1019
constexpr std::uint32_t most_event_port = 1023;

constexpr std::array<std::string_view, 3> shutdown_actions{"restart", "stop", "panic"};

constexpr std::size_t longest_name = 31;
constexpr const char* hypervisor_name = "bulkhead"; // what consoles call the hypervisor's own lines

void check_name(const Given<std::string>& name, std::map<std::string, std::uint32_t>& seen,
                Problems& problems)
{
    if (name.origin.key.empty()) return; // missing, and said so
    const auto is_plain = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_';
    };
    if (name.value.empty() || name.value.size() > longest_name ||
        !std::ranges::all_of(name.value, is_plain))
        problems.add(name.origin,
                     fmt::format("a name has 1 to {} letters, digits, - or _", longest_name));
    else if (name.value == hypervisor_name)
        problems.add(name.origin,
                     "that is what the hypervisor's own console lines are called; choose another");
    const auto [first, is_new] = seen.emplace(name.value, name.origin.line);
    if (!is_new)
        problems.add(name.origin,
                     fmt::format("another domain has this name (line {}); each needs its own",
                                 first->second));
}

void check_command_line(const Given<std::string>& line, Problems& problems)
{
    if (line.value.size() > longest_command_line)
        problems.add(line.origin, fmt::format("{} characters long; {} are possible",
                                              line.value.size(), longest_command_line));
}

void check_spis(const DomainDescription& domain, Problems& problems)
{
    if (!domain.nr_spis) return;
    const auto& [count, origin] = *domain.nr_spis;
    if (count > most_spis)
        problems.add(origin, fmt::format("a domain can have at most {}", most_spis));
    else if (count == 0 && domain.vpl011.value)
        problems.add(
            origin,
            "the console (vpl011) needs the first one; write at least 1, or vpl011 = false");
}

void check_endings(const DomainDescription& domain, Problems& problems)
{
    for (const auto* action : {&domain.on_reset, &domain.on_crash})
        if (*action &&
            std::ranges::find(shutdown_actions, (*action)->value) == shutdown_actions.end())
            problems.add((*action)->origin, R"(has to be "restart", "stop" or "panic")");
    if (domain.watchdog_ms && domain.watchdog_ms->value == 0)
        problems.add(domain.watchdog_ms->origin,
                     "a watchdog needs at least 1 ms; remove the key if there is to be none");
}

void check_channels(const SystemDescription& description, Problems& problems)
{
    std::vector<std::string> domains;
    for (const DomainDescription& domain : description.domains)
        domains.push_back(domain.name.value);
    std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> lines;
    for (const ChannelDescription& channel : description.channels)
        for (const auto& [domain, port] : channel.ends) {
            if (domain.origin.key.empty() || port.origin.key.empty()) continue; // and said so
            if (std::ranges::find(domains, domain.value) == domains.end())
                problems.add(domain.origin, fmt::format("no domain has this name; {}",
                                                        suggestion(domain.value, domains)));
            if (port.value == 0 || port.value > most_event_port)
                problems.add(port.origin, fmt::format("ports are 1 to {}", most_event_port));
            const auto [first, is_new] =
                lines.emplace(std::pair{domain.value, port.value}, port.origin.line);
            if (!is_new)
                problems.add(port.origin, fmt::format("\"{}\" has a channel at this port (line {})",
                                                      domain.value, first->second));
        }
}

std::string titled(const DomainDescription& domain)
{
    return domain.name.value.empty() ? fmt::format("the domain of line {}", domain.origin.line)
                                     : fmt::format("\"{}\"", domain.name.value);
}

} // namespace

std::optional<MachineFacts> check_machine(const MachineDescription& machine, const fs::path& folder,
                                          Problems& problems)
{
    const std::size_t before = problems.size();
    check_command_line(machine.bootargs, problems);
    if (!machine.kind) return std::nullopt;
    std::optional<MachineFacts> facts = facts_of_known_machine(machine, problems);
    if (machine.device_tree) {
        const auto& [name, origin] = *machine.device_tree;
        const fs::path path = folder / name;
        if (!fs::is_regular_file(path)) {
            problems.add(origin, fmt::format("no such file ({})",
                                             fs::absolute(path).lexically_normal().string()));
            return std::nullopt;
        }
        try {
            MachineFacts stated = facts_of_tree(DeviceTree::read(path));
            if (facts) {
                facts->reserved = std::move(stated.reserved);
            } else {
                if (stated.ram.empty())
                    problems.add(origin, "the tree has no memory node with a size");
                if (stated.cpus == 0) problems.add(origin, "the tree has no CPUs below /cpus");
                if (stated.gic == 0)
                    problems.add(
                        origin,
                        "the tree has no interrupt controller Bulkhead drives (GICv2 or GICv3)");
                if (problems.size() == before) facts = std::move(stated);
            }
        } catch (const std::exception& failure) {
            problems.add(origin, failure.what());
        }
    }
    if (facts && machine.hypervisor_address &&
        machine.hypervisor_address->value % (2 * mebibyte) != 0)
        problems.add(machine.hypervisor_address->origin,
                     fmt::format("not a multiple of 2 MiB; {:#x} would be",
                                 round_up(machine.hypervisor_address->value, 2 * mebibyte)));
    return facts;
}

void check_domains(const SystemDescription& description, Problems& problems)
{
    std::map<std::string, std::uint32_t> names;
    std::size_t modules = 0;
    for (const DomainDescription& domain : description.domains) {
        check_name(domain.name, names, problems);
        if (domain.cmdline) check_command_line(*domain.cmdline, problems);
        check_spis(domain, problems);
        check_endings(domain, problems);
        if (domain.devices && domain.device_tree)
            problems.add(domain.devices->origin,
                         fmt::format("the device_tree of line {} says that already; remove one",
                                     domain.device_tree->source.origin.line));
        for (const auto* image : {&domain.kernel, &domain.ramdisk, &domain.device_tree})
            if (image->has_value() && ++modules == most_modules + 1)
                problems.add((*image)->source.origin,
                             fmt::format("image number {} of the system; the hypervisor takes {}",
                                         modules, most_modules));
    }
    check_channels(description, problems);
}

void check_memory(const SystemDescription& description, const MachineFacts& machine,
                  const std::vector<DomainImage>& images, Problems& problems)
{
    std::uint64_t all_images = 0;
    std::map<std::size_t, std::uint64_t> image_memory;
    for (const DomainImage& image : images) {
        all_images += image.size;
        image_memory[image.domain] += image.memory_size;
    }
    const std::uint64_t used = hypervisor_memory + all_images;
    const std::uint64_t available = machine.ram_size() > used ? machine.ram_size() - used : 0;

    std::uint64_t needed = 0;
    std::vector<std::string> shares;
    bool was_short = false;
    for (std::size_t index = 0; index < description.domains.size(); ++index) {
        const DomainDescription& domain = description.domains[index];
        const auto& [size, origin] = domain.memory;
        if (origin.key.empty()) continue; // missing or unreadable, and said so
        if (size == 0 || size % (4 * kibibyte) != 0) {
            problems.add(origin, "not a whole number of 4 KiB pages");
            continue;
        }
        if (size > most_domain_memory) {
            problems.add(origin, fmt::format("a domain can have at most {}",
                                             format_byte_size(most_domain_memory)));
            continue;
        }
        if (image_memory[index] > size)
            problems.add(origin, fmt::format("its images need {} once loaded; give it at least {}",
                                             format_byte_size_roughly(image_memory[index]),
                                             format_byte_size(
                                                 round_up(image_memory[index], 64 * mebibyte))));
        needed += size;
        shares.push_back(fmt::format("{} {}", titled(domain), format_byte_size(size)));
        if (needed <= available || was_short) continue;
        was_short = true; // the first domain that is too much; the others would only repeat it
        problems.add(
            origin,
            fmt::format(
                "{} needed by {}, but {} of {} are available ({} the hypervisor's, {} images)",
                format_byte_size_roughly(needed), enumeration(shares),
                format_byte_size_roughly(available), format_byte_size(machine.ram_size()),
                format_byte_size_roughly(hypervisor_memory), format_byte_size_roughly(all_images)));
    }
}

} // namespace bulkhead::tool
