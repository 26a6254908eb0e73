// From entry.S to guest_main: the MMU, the device tree, the console.

#include "kit/board.hpp"
#include "kit/board_from_tree.hpp"
#include "kit/psci.hpp"
#include "kit/stop.hpp"
#include "kit/translation.hpp"

namespace bulkhead::guest {
namespace {

extern "C" const char guest_image_end[];

/// The boot protocol's limit for a device tree (Linux, Documentation/arm64/booting.rst).
constexpr std::uint64_t tree_limit = 2ULL << 20U;

constinit Board board;

void map_board()
{
    for (const auto& bank : board.memory_banks)
        if (bank.size != 0) translation::map(bank, MemoryType::normal);
    if (board.shared_memory.size != 0) translation::map(board.shared_memory, MemoryType::normal);
    const auto map_device = [](Range registers) {
        if (registers.size != 0) translation::map(registers, MemoryType::device);
    };
    map_device(board.gic.distributor);
    map_device(board.gic.cpu_interface);
    for (const auto& region : board.gic.redistributors)
        map_device(region);
    map_device(board.uart_registers);
    map_device(board.clock_registers);
    map_device(board.counter_registers);
}

} // namespace

extern "C" [[noreturn]] void guest_start(std::uint64_t tree_address, std::uint64_t entered_at)
{
    // The tree is read with the MMU on, as libfdt may access it unaligned; so at first only the
    // image and the tree are mapped.
    translation::map({.start = image_base(),
                      .size = reinterpret_cast<std::uint64_t>(guest_image_end) - image_base()},
                     MemoryType::normal);
    translation::map({.start = tree_address, .size = tree_limit}, MemoryType::normal);
    translation::enable();

    const auto tree = DeviceTree::at(reinterpret_cast<const void*>(tree_address));
    if (!tree) stop("no device tree"); // nobody hears it, but a debugger finds the CPU here
    board = board_from(*tree);
    board.entered_at = entered_at;
    psci::use(board.psci_conduit);
    map_board();
    console::open(board.uart, RegisterBlock{board.uart_registers.start});
    guest_main(board);
    psci::system_off();
}

} // namespace bulkhead::guest
