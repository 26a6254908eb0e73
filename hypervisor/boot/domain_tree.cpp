#include "boot/domain_tree.hpp"

#include "base/fixed_vector.hpp"
#include "devicetree/tree_writer.hpp"
#include "hypercall/watchdog.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>

namespace bulkhead::boot {
namespace {

using namespace device::guest_layout;
using devicetree::TreeWriter;
using namespace std::string_view_literals;

constexpr std::size_t most_banks = 16;

/// The GIC binding's interrupt types.
constexpr std::uint32_t spi = 0;
constexpr std::uint32_t ppi = 1;
/// Level, active low for the timer and high for devices; the upper byte is GICv2's mask of CPUs.
constexpr std::uint32_t level_low = 0xf08;
constexpr std::uint32_t level_high = 0xf04;

constexpr std::uint32_t ppi_number(Intid intid) { return intid.value() - 16; }

void write_chosen(TreeWriter& tree, const DomainMachine& machine)
{
    tree.node("chosen", [&] {
        if (!machine.bootargs.empty()) tree.string("bootargs", machine.bootargs);
        if (machine.vpl011) {
            std::array<char, 32> path{"/sbsa-uart@"};
            auto* const digits = path.data() + std::string_view{path.data()}.size();
            const auto* const end = std::to_chars(digits, path.data() + path.size(),
                                                  machine.places.vpl011.start.value(), 16)
                                        .ptr;
            tree.string("stdout-path", {path.data(), end});
        }
        if (!machine.ramdisk) return;
        tree.numbers("linux,initrd-start", {{machine.ramdisk->start.value()}});
        tree.numbers("linux,initrd-end", {{machine.ramdisk->end().value()}});
    });
}

void write_psci(TreeWriter& tree)
{
    tree.node("psci", [&] {
        tree.string("compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci"sv);
        tree.string("method", "hvc");
        // PSCI 0.1's function identifiers, for guests that know no later one.
        tree.cells("cpu_off", {1});
        tree.cells("cpu_on", {2});
    });
}

void write_cpus(TreeWriter& tree, const DomainMachine& machine)
{
    tree.node("cpus", [&] {
        tree.cells("#address-cells", {1});
        tree.cells("#size-cells", {0});
        for (std::uint32_t vcpu = 0; vcpu < machine.vcpus; ++vcpu) {
            const std::uint32_t affinity = device::affinity_of(VcpuId{vcpu});
            tree.node("cpu", affinity, [&] {
                tree.bytes("compatible", machine.cpu_compatible);
                tree.string("device_type", "cpu");
                tree.cells("reg", {affinity});
                tree.string("enable-method", "psci");
                if (machine.cpu_clock_frequency != 0)
                    tree.cells("clock-frequency", {machine.cpu_clock_frequency});
            });
        }
    });
}

void write_memory(TreeWriter& tree, const DomainMachine& machine)
{
    FixedVector<std::uint64_t, 2 * most_banks> reg;
    for (const auto& bank : machine.memory) {
        static_cast<void>(reg.push(bank.start.value()));
        static_cast<void>(reg.push(bank.size));
    }
    if (reg.empty()) return;
    tree.node("memory", reg[0], [&] {
        tree.string("device_type", "memory");
        tree.numbers("reg", reg);
    });
}

void write_shared_memory(TreeWriter& tree, const DomainMachine& machine)
{
    const auto is_mine = [&](const SharedMemory& one) { return one.domain == machine.domain; };
    if (std::ranges::none_of(machine.shared, is_mine)) return;
    tree.node("reserved-memory", [&] {
        tree.cells("#address-cells", {2});
        tree.cells("#size-cells", {2});
        tree.empty("ranges");
        for (const auto& one : machine.shared | std::views::filter(is_mine)) {
            tree.node("xen-shmem", one.guest.value(), [&] {
                tree.string("compatible", "xen,shared-memory-v1");
                tree.numbers("reg", {{one.guest.value(), one.host.size}});
                tree.string("xen,id", one.id);
            });
        }
    });
}

void write_gic(TreeWriter& tree, const DomainMachine& machine, std::uint32_t phandle)
{
    const bool is_v3 = machine.gic == device::GicVersion::v3;
    const auto& distributor = machine.places.distributor;
    const auto& other = machine.places.cpus;
    tree.node("interrupt-controller", distributor.start.value(), [&] {
        tree.cells("#address-cells", {0});
        tree.cells("#interrupt-cells", {3});
        tree.empty("interrupt-controller");
        tree.string("compatible", is_v3 ? "arm,gic-v3"sv : "arm,gic-400\0arm,cortex-a15-gic"sv);
        tree.numbers("reg", {{distributor.start.value(), distributor.size, other.start.value(),
                              other.size}});
        tree.cells("linux,phandle", {phandle});
        tree.cells("phandle", {phandle});
    });
}

void write_timer(TreeWriter& tree, const DomainMachine& machine, std::uint32_t gic)
{
    tree.node("timer", [&] {
        tree.string("compatible", "arm,armv8-timer");
        tree.cells("interrupts",
                   {ppi, ppi_number(secure_physical_timer), level_low, ppi,
                    ppi_number(physical_timer), level_low, ppi, ppi_number(virtual_timer),
                    level_low, ppi, ppi_number(hypervisor_timer), level_low});
        tree.cells("interrupt-parent", {gic});
        if (machine.timer_clock_frequency != 0)
            tree.cells("clock-frequency", {machine.timer_clock_frequency});
    });
}

void write_pmu(TreeWriter& tree, Intid intid, std::uint32_t gic)
{
    tree.node("pmu", [&] {
        tree.string("compatible", "arm,armv8-pmuv3");
        tree.cells("interrupts", {ppi, ppi_number(intid), level_high});
        tree.cells("interrupt-parent", {gic});
    });
}

void write_uart(TreeWriter& tree, const Places& places, std::uint32_t gic)
{
    const auto start = places.vpl011.start.value();
    tree.node("sbsa-uart", start, [&] {
        tree.string("compatible", "arm,sbsa-uart");
        tree.numbers("reg", {{start, places.vpl011.size}});
        tree.cells("interrupts", {spi, places.vpl011_interrupt.value() - 32, level_high});
        tree.cells("interrupt-parent", {gic});
        tree.cells("current-speed", {115200});
    });
}

void write_watchdog(TreeWriter& tree)
{
    tree.node("watchdog", [&] {
        tree.string("compatible", "arm,smc-wdt");
        tree.cells("arm,smc-id", {hypercall::watchdog_call});
    });
}

/// Everything that a partial tree may have: the rest of it is its author's business.
void write_devices(TreeWriter& tree, const devicetree::Tree& partial)
{
    for (const auto path : {"/aliases", "/passthrough"})
        if (const auto node = partial.at_path(path)) tree.copy(*node, assignment_properties);
}

/// The window for grants has to be named, though grants are refused: Linux does without them, but
/// without the window it wants to give memory up, and panics.
void write_hypervisor(TreeWriter& tree, std::uint32_t gic)
{
    tree.node("hypervisor", [&] {
        tree.string("compatible", "xen,xen-4.17\0xen,xen"sv);
        tree.numbers("reg", {{grant_table.start.value(), grant_table.size}});
        tree.cells("interrupts", {ppi, ppi_number(event_interrupt), level_low});
        tree.cells("interrupt-parent", {gic});
    });
}

} // namespace

std::uint32_t gic_phandle_of(const std::optional<devicetree::Tree>& devices)
{
    const auto gic = devices ? devices->at_path("/gic") : std::nullopt;
    return gic ? gic->u32("phandle").value_or(gic_phandle) : gic_phandle;
}

Result<std::span<const std::byte>> write_domain_tree(const DomainMachine& machine,
                                                     std::span<std::byte> buffer)
{
    if (machine.memory.size() > most_banks) return failure(Error::too_big);
    const auto gic = gic_phandle_of(machine.devices);
    TreeWriter tree{buffer};
    tree.node("", [&] {
        tree.cells("#address-cells", {2});
        tree.cells("#size-cells", {2});
        write_chosen(tree, machine);
        write_psci(tree);
        write_cpus(tree, machine);
        write_memory(tree, machine);
        write_shared_memory(tree, machine);
        write_gic(tree, machine, gic);
        write_timer(tree, machine, gic);
        if (machine.pmu) write_pmu(tree, *machine.pmu, gic);
        if (machine.vpl011) write_uart(tree, machine.places, gic);
        if (machine.enhanced) write_hypervisor(tree, gic);
        if (machine.watchdog) write_watchdog(tree);
        if (machine.devices) write_devices(tree, *machine.devices);
    });
    return tree.finish();
}

} // namespace bulkhead::boot
