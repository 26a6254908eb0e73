// Everything that reads the host's device tree, on any bytes at all: it may complain, and must
// neither crash nor hang.

#include "boot/command_line.hpp"
#include "boot/cpu_pools.hpp"
#include "boot/domain_checks.hpp"
#include "boot/domain_description.hpp"
#include "boot/domain_placement.hpp"
#include "boot/static_memory.hpp"
#include "devicetree/address.hpp"
#include "devicetree/command_lines.hpp"
#include "devicetree/console_uart.hpp"
#include "devicetree/host_description.hpp"
#include "machine/physical_memory.hpp"
#include "memory/page_pool.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace bulkhead {
namespace {

void read_node(const devicetree::Tree& tree, const devicetree::Node& node)
{
    (void)devicetree::registers(node, 0);
    (void)devicetree::registers(node, 3);
    (void)devicetree::interrupt(tree, node, 0);
    (void)node.path();
    for (const auto property : node.properties()) {
        (void)property.number();
        (void)property.string();
        (void)property.contains("okay");
    }
    for (const auto child : node.children())
        (void)devicetree::written_range(child, "reg", 1);
}

void read_tree(const devicetree::Tree& tree)
{
    Report report;
    const auto line = devicetree::command_lines(tree).hypervisor;
    const auto options = boot::parse_command_line(line, report);
    (void)devicetree::find_console_uart(tree, options.dtuart, report);

    auto host = std::make_unique<devicetree::HostDescription>();
    (void)devicetree::read_host(tree, 0, *host, report);
    const auto cpus = static_cast<unsigned>(std::max<std::size_t>(host->processors.all.size(), 1));

    auto domains = std::make_unique<boot::DomainDescriptions>();
    boot::read_domains(tree, {.cpus = cpus, .vcpus = 8}, *domains, report);
    // What was taken from the pool for a tree before is of no use any more.
    static test::PhysicalMemory memory{std::size_t{64} << 20};
    static memory::PhysicalRanges pool;
    pool = {};
    (void)pool.add(memory.range());
    memory::page_pool().use(pool);
    auto free = host->memory.ram;
    (void)boot::remove_static_memory(tree, free);
    auto shared = std::make_unique<boot::SharedMemories>();
    boot::read_shared_memory(*domains, free, *shared, report);
    boot::check_claims(*domains, *shared, host->memory, {}, report);
    boot::check_memory(*domains, host->memory.ram.total(), report);
    auto pools = std::make_unique<boot::PoolDescriptions>();
    boot::read_pools(tree, host->processors, cpus, options.scheduler, *domains, *pools, report);
    for (unsigned n = 0; n < pools->size(); ++n) {
        const auto& each = (*pools)[n];
        const bool is_null = each.kind == sched::Kind::null;
        (is_null ? boot::place_vcpus : boot::spread_vcpus)(*domains, n, each.cpus, report);
    }
    std::uint64_t taken = 0;
    for (const auto& domain : *domains) {
        const auto& own = (*pools)[domain.pool];
        for (unsigned vcpu = 0; !domain.is_wrong && vcpu < domain.vcpus; ++vcpu) {
            const auto cpu = std::uint64_t{1} << domain.cpus[vcpu].value();
            if ((domain.hard_affinity[vcpu] & own.cpus & cpu) == 0) __builtin_trap();
            if ((taken & cpu) != 0 && own.kind == sched::Kind::null) __builtin_trap();
            taken |= cpu;
            const auto given = boot::parameters_of(domain, vcpu);
            if (own.kind == sched::Kind::rtds && given.budget_us > given.period_us)
                __builtin_trap();
        }
    }

    read_node(tree, tree.root());
    for (const auto node : tree.root().children()) {
        read_node(tree, node);
        for (const auto child : node.children())
            read_node(tree, child);
    }
}

} // namespace
} // namespace bulkhead

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    // A copy of just this size on the heap: aligned, and with its end watched.
    const auto bytes = std::as_bytes(std::span{data, size});
    const std::vector<std::byte> blob{bytes.begin(), bytes.end()};
    static bulkhead::devicetree::NodeTable::Entry room[bulkhead::devicetree::NodeTable::most];
    static bulkhead::devicetree::NodeTable nodes{room};
    if (const auto tree = bulkhead::devicetree::Tree::open(blob, nodes)) bulkhead::read_tree(*tree);
    return 0;
}
