#include "kit/board_from_tree.hpp"

#include "kit/cpu.hpp"

namespace bulkhead::guest {
namespace {

using Node = DeviceTree::Node;

void read_memory(const DeviceTree& tree, Board& board)
{
    std::size_t used = 0;
    for (auto node = tree.device_type("memory"); node; node = tree.device_type("memory", node))
        for (unsigned n = 0; used < board.memory_banks.size(); ++n) {
            const auto bank = tree.reg(*node, n);
            if (!bank) break;
            if (bank->size != 0) board.memory_banks[used++] = *bank;
        }
}

void read_gic(const DeviceTree& tree, Board& board)
{
    auto& gic = board.gic;
    if (const auto v3 = tree.compatible("arm,gic-v3")) {
        gic.version = gic::Version::v3;
        gic.distributor = tree.reg(*v3, 0).value_or(Range{});
        const auto regions = tree.number(*v3, "#redistributor-regions").value_or(1);
        for (unsigned n = 0; n < regions && n < gic.redistributors.size(); ++n)
            gic.redistributors[n] = tree.reg(*v3, n + 1).value_or(Range{});
        return;
    }
    auto v2 = tree.compatible("arm,gic-400");
    if (!v2) v2 = tree.compatible("arm,cortex-a15-gic");
    if (!v2) return;
    gic.version = gic::Version::v2;
    gic.distributor = tree.reg(*v2, 0).value_or(Range{});
    gic.cpu_interface = tree.reg(*v2, 1).value_or(Range{});
    // A GIC-400 at 64 KiB per 4 KiB page: the pages of the CPU interface repeat 16 times, and the
    // last copy of the first page is next to the first copy of the second (DEN 0029 asks for
    // that layout).
    if (gic.cpu_interface.size == 0x2'0000) gic.cpu_interface.start += 0xf000;
}

UartKind uart_kind(const DeviceTree& tree, Node node)
{
    if (tree.is_compatible(node, "arm,pl011")) return UartKind::pl011;
    if (tree.is_compatible(node, "arm,sbsa-uart")) return UartKind::sbsa;
    if (tree.is_compatible(node, "cdns,uart-r1p12")) return UartKind::cadence;
    return UartKind::none;
}

std::optional<Node> uart_node(const DeviceTree& tree)
{
    // stdout-path may have options behind a colon: serial0:115200n8.
    if (const auto chosen = tree.path("/chosen")) {
        auto path = tree.text(*chosen, "stdout-path");
        for (std::size_t n = 0; n < path.size(); ++n)
            if (path[n] == ':') path = {path.data(), n};
        if (const auto node = tree.path(path); node && uart_kind(tree, *node) != UartKind::none)
            return node;
    }
    for (const char* compatible : {"arm,pl011", "arm,sbsa-uart", "cdns,uart-r1p12"})
        if (const auto node = tree.compatible(compatible)) return node;
    return std::nullopt;
}

void read_uart(const DeviceTree& tree, Board& board)
{
    const auto node = uart_node(tree);
    if (!node) return;
    const auto registers = tree.reg(*node);
    if (!registers) return;
    board.uart = uart_kind(tree, *node);
    board.uart_registers = *registers;
    board.uart_interrupt = tree.interrupt(*node).value_or(Interrupt{});
}

void read_timer(const DeviceTree& tree, Board& board)
{
    const auto node = tree.compatible("arm,armv8-timer");
    if (!node) return;
    // In this order: secure physical, non-secure physical, virtual, hypervisor.
    board.physical_timer = tree.interrupt(*node, 1).value_or(board.physical_timer);
    board.virtual_timer = tree.interrupt(*node, 2).value_or(board.virtual_timer);
}

void read_clock(const DeviceTree& tree, Board& board)
{
    const auto node = tree.compatible("arm,pl031");
    if (!node) return;
    board.clock_registers = tree.reg(*node).value_or(Range{});
    board.clock_interrupt = tree.interrupt(*node).value_or(Interrupt{});
}

void read_counter(const DeviceTree& tree, Board& board)
{
    const auto node = tree.compatible("cdns,ttc");
    if (!node) return;
    board.counter_registers = tree.reg(*node).value_or(Range{});
    board.counter_interrupt = tree.interrupt(*node).value_or(Interrupt{});
}

void read_shared_memory(const DeviceTree& tree, Board& board)
{
    if (const auto node = tree.compatible("xen,shared-memory-v1"))
        board.shared_memory = tree.reg(*node).value_or(Range{});
}

void read_psci(const DeviceTree& tree, Board& board)
{
    auto node = tree.compatible("arm,psci-1.0");
    if (!node) node = tree.compatible("arm,psci-0.2");
    if (node && tree.text(*node, "method") == "smc") board.psci_conduit = Conduit::smc;
}

void read_cpus(const DeviceTree& tree)
{
    std::array<std::uint64_t, Cpu::limit> affinities{};
    std::size_t used = 0;
    for (auto node = tree.device_type("cpu"); node && used < affinities.size();
         node = tree.device_type("cpu", node))
        if (const auto affinity = tree.unit(*node)) affinities[used++] = *affinity;
    Cpu::set_affinities(std::span{affinities}.first(used));
}

} // namespace

Board board_from(const DeviceTree& tree)
{
    Board board;
    read_memory(tree, board);
    read_gic(tree, board);
    read_uart(tree, board);
    read_timer(tree, board);
    read_clock(tree, board);
    read_counter(tree, board);
    read_shared_memory(tree, board);
    read_psci(tree, board);
    read_cpus(tree);
    board.in_xen_domain = tree.compatible("xen,xen").has_value();
    if (const auto chosen = tree.path("/chosen"))
        board.command_line = CommandLine{tree.text(*chosen, "bootargs")};
    return board;
}

} // namespace bulkhead::guest
