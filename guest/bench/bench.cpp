// What each thing costs that a hypervisor may stand behind: alone on a machine, in a domain of
// Bulkhead's or of Xen's, always the same binary. All figures are differences between two readings
// of the counter, in nanoseconds; alone on QEMU they show what the measuring itself costs.
//
// Command line: samples=200 rows=alone|pair|device|timer|idle|busy ms=0
// `pair` is what takes a second CPU, and nothing else; `device` what takes a PL031; `timer` the
// virtual timer alone, after so many milliseconds, in which other domains come to rest; `idle` and
// `busy` wait for one timer and say nothing, for whoever counts from outside what happens
// meanwhile. The lines that start with "bench:" are for the host tool.

#include "bench/rows.hpp"
#include "kit/cpu.hpp"
#include "kit/gic.hpp"
#include "kit/stop.hpp"

namespace bulkhead::guest {
namespace {

void measure_alone(const Board& board, unsigned samples)
{
    print("bench: row=first_instruction samples=1 min=", nanoseconds(board.entered_at),
          " avg=", nanoseconds(board.entered_at), " max=", nanoseconds(board.entered_at), "\n");
    measure_traps(board, samples);
    measure_interrupts(board, samples);
}

} // namespace

void guest_main(const Board& board)
{
    const auto samples = static_cast<unsigned>(board.command_line.number("samples", 200));
    if (board.gic.version == gic::Version::none)
        stop("the device tree has no arm,gic-v3, arm,gic-400 or arm,cortex-a15-gic");
    gic::start(board.gic);
    print("bench: machine gic=", static_cast<unsigned>(board.gic.version), " cpus=", Cpu::count(),
          " frequency=", Timer::frequency(), "\n");
    const auto milliseconds = board.command_line.number("ms", 0);
    const auto rows = board.command_line.value("rows").value_or("alone");
    if (rows == "pair")
        measure_pair(board, samples);
    else if (rows == "device")
        measure_device(board, samples);
    else if (rows == "alone")
        measure_alone(board, samples);
    else
        let_time_pass(board, rows != "busy", milliseconds);
    if (rows == "timer") measure_virtual_timer(board, samples);
    print("bench: done\n");
}

} // namespace bulkhead::guest
