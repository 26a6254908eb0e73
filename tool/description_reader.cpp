#include "description_reader.hpp"

#include "description_section.hpp"
#include "nearest_name.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

constexpr const char* default_bootargs = "console=dtuart sched=null";

const std::vector<std::pair<std::string, MachineKind>> machine_names{
    {"zcu102", MachineKind::zcu102}, {"virt", MachineKind::virt}, {"board", MachineKind::board}};

std::string quoted(const std::string& text) { return fmt::format("\"{}\"", text); }

std::optional<Given<MachineKind>> read_machine_kind(const DescriptionSection& section,
                                                    const MachineOverride& instead)
{
    if (instead.kind) {
        for (const auto& [name, kind] : machine_names)
            if (kind == *instead.kind)
                return Given<MachineKind>{
                    kind, {"name", quoted(name) + " (--machine)", section.origin().line}};
    }
    section.require("name");
    const auto given = section.text("name");
    if (!given) return std::nullopt;
    std::vector<std::string> known;
    for (const auto& [name, kind] : machine_names) {
        if (name == given->value) return Given<MachineKind>{kind, given->origin};
        known.push_back(name);
    }
    section.problem(given->origin,
                    fmt::format("no such machine; {}", suggestion(given->value, known)));
    return std::nullopt;
}

MachineDescription read_machine(const toml::table& table, const MachineOverride& instead,
                                Problems& problems)
{
    const DescriptionSection section{table, "[machine]", machine_keys(), problems};
    MachineDescription machine;
    machine.origin = section.origin();
    machine.kind = read_machine_kind(section, instead);
    machine.gic = section.number("gic");
    // The file's controller belongs to the file's machine.
    if (instead.kind) machine.gic.reset();
    if (instead.gic)
        machine.gic = Given<std::uint32_t>{
            *instead.gic, {"gic", fmt::format("{} (--gic)", *instead.gic), section.origin().line}};
    machine.cpus = section.number("cpus");
    machine.memory = section.byte_size("memory");
    machine.device_tree = section.text("device_tree");
    machine.hypervisor_address = section.address("hypervisor_address");
    machine.bootargs =
        section.text("bootargs")
            .value_or(Given<std::string>{
                default_bootargs, section.origin_of_default("bootargs", quoted(default_bootargs))});
    machine.deterministic =
        section.boolean("deterministic")
            .value_or(Given<bool>{false, section.origin_of_default("deterministic", "false")});
    return machine;
}

std::optional<ImageDescription> read_image(const DescriptionSection& section,
                                           const std::string& key)
{
    const auto source = section.text(key);
    const auto address = section.address(key + "_address");
    if (source) return ImageDescription{*source, address};
    if (address)
        section.problem(address->origin,
                        fmt::format("there is no {} to load; add one or remove this", key));
    return std::nullopt;
}

DomainDescription read_domain(const toml::table& table, Problems& problems)
{
    const DescriptionSection section{table, "[[domain]]", domain_keys(), problems};
    DomainDescription domain;
    domain.origin = section.origin();
    for (const char* key : {"name", "kernel", "memory"})
        section.require(key);
    domain.name = section.text("name").value_or(Given<std::string>{{}, section.origin()});
    domain.kernel = read_image(section, "kernel");
    domain.ramdisk = read_image(section, "ramdisk");
    domain.device_tree = read_image(section, "device_tree");
    domain.devices = section.texts("devices");
    domain.cmdline = section.text("cmdline");
    // A size that is missing or unreadable has its problem already, and reads as 0.
    domain.memory = section.byte_size("memory").value_or(Given<std::uint64_t>{0, {}});
    domain.cpus = section.numbers("cpus");
    domain.hard_affinity = section.texts("hard_affinity");
    const std::size_t listed = domain.cpus            ? domain.cpus->value.size()
                               : domain.hard_affinity ? domain.hard_affinity->value.size()
                                                      : 1;
    const auto implied = static_cast<std::uint32_t>(listed);
    domain.vcpus = section.number("vcpus").value_or(
        Given<std::uint32_t>{implied, section.origin_of_default("vcpus", std::to_string(implied))});
    domain.vpl011 = section.boolean("vpl011").value_or(
        Given<bool>{true, section.origin_of_default("vpl011", "true")});
    domain.vpmu = section.boolean("vpmu");
    domain.sve = section.number("sve");
    domain.soft_affinity = section.texts("soft_affinity");
    domain.pool = section.text("pool");
    domain.weight = section.number("weight");
    domain.cap = section.number("cap");
    domain.period_us = section.one_or_more("period_us");
    domain.budget_us = section.one_or_more("budget_us");
    domain.extratime = section.boolean("extratime");
    domain.nr_spis = section.number("nr_spis");
    domain.on_reset = section.text("on_reset");
    domain.on_crash = section.text("on_crash");
    domain.watchdog_ms = section.number("watchdog_ms");
    domain.enhanced = section.boolean("enhanced").value_or(Given<bool>{}).value;
    domain.static_memory = section.memory_ranges("static_memory");
    domain.direct_map = section.boolean("direct_map");
    return domain;
}

ChannelDescription read_channel(const toml::table& table, Problems& problems)
{
    const DescriptionSection section{table, "[[channel]]", channel_keys(), problems};
    const auto read_end = [&](const char* domain, const char* port) {
        section.require(domain);
        section.require(port);
        return ChannelDescription::End{section.text(domain).value_or(Given<std::string>{}),
                                       section.number(port).value_or(Given<std::uint32_t>{})};
    };
    return {{read_end("domain", "port"), read_end("peer", "peer_port")}};
}

SharedMemoryDescription read_shared_memory(const toml::table& table, Problems& problems)
{
    const DescriptionSection section{table, "[[shared_memory]]", shared_memory_keys(), problems};
    for (const char* key : {"name", "size", "domains", "addresses"})
        section.require(key);
    return {section.text("name").value_or(Given<std::string>{}),
            section.byte_size("size").value_or(Given<std::uint64_t>{}),
            section.address("host_address"),
            section.texts("domains").value_or(Given<std::vector<std::string>>{}),
            section.addresses("addresses").value_or(Given<std::vector<std::uint64_t>>{}),
            section.text("owner")};
}

/// The sections headed [[name]]; nothing when there are none, or something else has that name.
const toml::array* sections_of(const toml::table& root, const std::string& heading,
                               Problems& problems)
{
    const std::string name = heading.substr(heading.rfind('.') + 1);
    const toml::node* node = root.get(name);
    const toml::array* sections = node != nullptr ? node->as_array() : nullptr;
    if (node == nullptr ||
        (sections != nullptr && sections->is_homogeneous(toml::node_type::table)))
        return sections;
    problems.add({name, {}, node->source().begin.line},
                 fmt::format("not a list of sections; head each {} with [[{}]], in double "
                             "brackets",
                             name, heading));
    return nullptr;
}

PoolDescription read_pool(const toml::table& table, Problems& problems)
{
    const DescriptionSection section{table, "[[pool]]", pool_keys(), problems};
    PoolDescription pool;
    pool.origin = section.origin();
    section.require("name");
    section.require("cpus");
    pool.name = section.text("name").value_or(Given<std::string>{{}, section.origin()});
    pool.scheduler = section.text("scheduler");
    pool.cpus = section.numbers("cpus").value_or(Given<std::vector<std::uint32_t>>{});
    pool.major_frame_us = section.number("major_frame_us");
    if (const auto* windows = sections_of(table, "pool.window", problems))
        for (const toml::node& node : *windows) {
            const DescriptionSection window{*node.as_table(), "[[pool.window]]", window_keys(),
                                            problems};
            window.require("run_us");
            pool.windows.push_back({{"[[pool.window]]", {}, window.origin().line},
                                    window.text("domain"),
                                    window.number("vcpu").value_or(Given<std::uint32_t>{
                                        0, window.origin_of_default("vcpu", "0")}),
                                    window.number("run_us").value_or(Given<std::uint32_t>{1, {}})});
        }
    return pool;
}

void read_domains(const toml::table& root, SystemDescription& description, Problems& problems)
{
    if (!root.contains("domain"))
        problems.add({{}, {}, 1}, "there is no domain; add a [[domain]] section for each guest");
    if (const auto* sections = sections_of(root, "domain", problems))
        for (const toml::node& section : *sections)
            description.domains.push_back(read_domain(*section.as_table(), problems));
    if (const auto* sections = sections_of(root, "pool", problems))
        for (const toml::node& section : *sections)
            description.pools.push_back(read_pool(*section.as_table(), problems));
    if (const auto* sections = sections_of(root, "channel", problems))
        for (const toml::node& section : *sections)
            description.channels.push_back(read_channel(*section.as_table(), problems));
    if (const auto* sections = sections_of(root, "shared_memory", problems))
        for (const toml::node& section : *sections)
            description.shared_memory.push_back(read_shared_memory(*section.as_table(), problems));
}

} // namespace

SystemDescription read_description(std::string_view text, const std::filesystem::path& file,
                                   const MachineOverride& instead, Problems& problems)
{
    SystemDescription description;
    description.file = file;
    toml::table root;
    try {
        root = toml::parse(text, std::string_view{});
    } catch (const toml::parse_error& error) {
        problems.add({{}, {}, error.source().begin.line},
                     fmt::format("TOML syntax: {}", error.description()));
        return description;
    }

    const std::vector<std::string> sections = names_of(top_level_keys());
    for (const auto& [key, node] : root)
        if (std::ranges::find(sections, key.str()) == sections.end())
            problems.add(
                {std::string{key.str()}, {}, key.source().begin.line},
                fmt::format("unknown outside of a section; {}", suggestion(key.str(), sections)));

    const toml::node* machine = root.get("machine");
    if (machine == nullptr)
        problems.add({{}, {}, 1},
                     "there is no [machine] section; begin with [machine] and name = \"virt\"");
    else if (!machine->is_table())
        problems.add({"machine", {}, machine->source().begin.line},
                     "not a section; write [machine], in single brackets, and its keys below");
    else
        description.machine = read_machine(*machine->as_table(), instead, problems);

    read_domains(root, description, problems);
    return description;
}

} // namespace bulkhead::tool
