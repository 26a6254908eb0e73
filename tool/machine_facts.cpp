#include "machine_facts.hpp"

#include "byte_size.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

// ZynqMP (UG1085, table 10-1): DDR is 2 GiB at 0 and the rest at 32 GiB.
constexpr std::uint64_t zynqmp_low_ram = 2 * gibibyte;
constexpr std::uint64_t zynqmp_high_ram = 0x8'0000'0000;
constexpr std::uint64_t zynqmp_most_ram = 34 * gibibyte;

constexpr std::uint64_t virt_ram = 1 * gibibyte; // QEMU, hw/arm/virt.c
constexpr std::uint64_t virt_most_ram = 255 * gibibyte;
constexpr std::uint32_t virt_most_cpus_gic3 = 123; // one redistributor region
constexpr std::uint32_t most_cpus_gic2 = 8; // GIC architecture: a CPU is a bit of GICD_ITARGETSR

constexpr std::uint64_t least_ram = 128 * mebibyte;

std::uint64_t checked_memory(const MachineDescription& machine, std::uint64_t otherwise,
                             std::uint64_t most, Problems& problems)
{
    if (!machine.memory) return otherwise;
    const auto& [size, origin] = *machine.memory;
    if (size < least_ram || size > most)
        problems.add(origin, fmt::format("the machine can have {} to {}",
                                         format_byte_size(least_ram), format_byte_size(most)));
    else if (size % (2 * mebibyte) != 0)
        problems.add(origin, "not a multiple of 2 MiB");
    else
        return size;
    return otherwise;
}

MachineFacts facts_of_zcu102(const MachineDescription& machine, Problems& problems)
{
    const std::uint64_t size = checked_memory(machine, 4 * gibibyte, zynqmp_most_ram, problems);
    MachineFacts facts{.title = "zcu102",
                       .ram = {{0, std::min(size, zynqmp_low_ram)}},
                       .cpus = 4,
                       .gic = 2,
                       .reserved = {}};
    if (size > zynqmp_low_ram) facts.ram.push_back({zynqmp_high_ram, size - zynqmp_low_ram});
    if (machine.gic && machine.gic->value != 2)
        problems.add(machine.gic->origin, "zcu102 has a GICv2; leave `gic` out, or use virt");
    if (machine.cpus && machine.cpus->value != 4)
        problems.add(
            machine.cpus->origin,
            fmt::format("zcu102 has 4 CPUs; leave `cpus` out (bootargs with maxcpus={} uses fewer)",
                        machine.cpus->value));
    return facts;
}

MachineFacts facts_of_virt(const MachineDescription& machine, Problems& problems)
{
    MachineFacts facts{.title = "virt", .ram = {}, .cpus = 4, .gic = 3, .reserved = {}};
    facts.ram.push_back({virt_ram, checked_memory(machine, 2 * gibibyte, virt_most_ram, problems)});
    if (machine.gic) {
        if (machine.gic->value == 2 || machine.gic->value == 3)
            facts.gic = machine.gic->value;
        else
            problems.add(machine.gic->origin, "virt has a GICv2 or a GICv3; write 2 or 3");
    }
    const std::uint32_t most = facts.gic == 2 ? most_cpus_gic2 : virt_most_cpus_gic3;
    if (machine.deterministic.value) facts.cpus = 1; // more take turns, in one thread of QEMU's
    if (machine.cpus) {
        if (machine.cpus->value < 1 || machine.cpus->value > most)
            problems.add(machine.cpus->origin,
                         fmt::format("virt with a GICv{} can have 1 to {} CPUs", facts.gic, most));
        else
            facts.cpus = machine.cpus->value;
    }
    return facts;
}

bool is_available(const DeviceTree& tree, const std::string& path)
{
    const std::string status = tree.text(path, "status");
    return status.empty() || status == "okay" || status == "ok";
}

std::uint32_t gic_version(const DeviceTree& tree, const std::string& path)
{
    for (const std::string& compatible : tree.texts(path, "compatible")) {
        if (compatible == "arm,gic-v3") return 3;
        for (const char* version2 :
             {"arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a9-gic", "arm,cortex-a7-gic"})
            if (compatible == version2) return 2;
    }
    for (const std::string& child : tree.children(path))
        if (const std::uint32_t version = gic_version(tree, child); version != 0) return version;
    return 0;
}

} // namespace

std::uint64_t MachineFacts::ram_size() const
{
    std::uint64_t total = 0;
    for (const MemoryRange& bank : ram)
        total += bank.size;
    return total;
}

std::optional<MachineFacts> facts_of_known_machine(const MachineDescription& machine,
                                                   Problems& problems)
{
    if (machine.deterministic.value && kind_of(machine) == MachineKind::board)
        problems.add(machine.deterministic.origin,
                     "QEMU cannot emulate this board; write name = \"virt\" or \"zcu102\"");
    switch (kind_of(machine)) {
    case MachineKind::zcu102: return facts_of_zcu102(machine, problems);
    case MachineKind::virt: return facts_of_virt(machine, problems);
    case MachineKind::board: break;
    }
    for (const auto& [given, key] :
         {std::pair{machine.gic, "gic"}, std::pair{machine.cpus, "cpus"}})
        if (given)
            problems.add(given->origin,
                         fmt::format("the board's device tree says that; leave `{}` out", key));
    if (machine.memory)
        problems.add(machine.memory->origin,
                     "the board's device tree says that; leave `memory` out");
    if (!machine.device_tree)
        problems.add({"device_tree", {}, machine.origin.line},
                     "missing; name = \"board\" needs the board's tree, such as device_tree = "
                     "\"board.dtb\"");
    return std::nullopt;
}

MachineFacts facts_of_tree(const DeviceTree& tree)
{
    MachineFacts facts;
    facts.title = tree.text("/", "model");
    for (const std::string& node : tree.children("/"))
        if (tree.text(node, "device_type") == "memory" && is_available(tree, node))
            for (const MemoryRange& bank : tree.reg(node))
                if (bank.size > 0) facts.ram.push_back(bank);
    std::ranges::sort(facts.ram, {}, &MemoryRange::start);

    if (tree.has_node("/cpus"))
        for (const std::string& node : tree.children("/cpus"))
            if (tree.text(node, "device_type") == "cpu" && is_available(tree, node)) ++facts.cpus;
    facts.gic = gic_version(tree, "/");

    for (const MemoryRange& range : tree.reservations())
        facts.reserved.push_back({range, "the device tree's memory reservation"});
    if (tree.has_node("/reserved-memory"))
        for (const std::string& node : tree.children("/reserved-memory"))
            for (const MemoryRange& range : tree.reg(node))
                facts.reserved.push_back({range, node});
    return facts;
}

} // namespace bulkhead::tool
