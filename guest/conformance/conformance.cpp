// The self-checking guest: what may an operating system at EL1 rely on, and is it so here?
//
// Prints `ok NAME`, `FAIL NAME: expected ..., got ...` or `skip NAME: why` for each check, then
// `conformance: N passed, M failed, K skipped`, and powers off.
// Command line: only=PREFIX runs the checks whose name begins so.

#include "conformance/after_reset.hpp"
#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/board.hpp"
#include "kit/print.hpp"
#include "kit/stop.hpp"

namespace bulkhead::guest {

using namespace conformance;

void guest_main(const Board& board)
{
    if (board.gic.version == gic::Version::none)
        stop("the device tree has no arm,gic-v3, arm,gic-400 or arm,cortex-a15-gic");
    machine::set_board(board);
    note_state_after_reset(board); // before anything below changes it
    machine::reset();
    print("conformance: Bulkhead's conformance guest, GICv",
          static_cast<unsigned>(board.gic.version), "\n");

    // PSCI last: a CPU that starts where it should not is lost.
    const Group groups[] = {
        after_reset_group,   distributor_group,
        redistributor_group, cpu_interface_group,
        sgi_group,           spi_group,
        priority_group,      timer_group,
        mmio_group,          exception_group,
        sleep_group,         registers_group,
        debug_group,         identification_group,
        cache_group,         uart_group,
        smccc_group,         psci_group,
    };
    const auto only = board.command_line.value("only").value_or("");
    Tally tally;
    for (const auto& group : groups)
        for (const auto& check : group)
            if (std::string_view{check.name}.starts_with(only)) run(check, tally);
    print("conformance: ", tally.passed, " passed, ", tally.failed, " failed, ", tally.skipped,
          " skipped\n");
}

} // namespace bulkhead::guest
