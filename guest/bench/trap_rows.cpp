#include "bench/rows.hpp"
#include "kit/cadence_uart_registers.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/hypercall.hpp"
#include "kit/latency_probe.hpp"
#include "kit/pl011.hpp"
#include "kit/psci.hpp"

namespace bulkhead::guest {
namespace {

extern "C" ProbeSpan probe_timed_load(std::uintptr_t address);
extern "C" ProbeSpan probe_timed_store(std::uint64_t value, std::uintptr_t address);
extern "C" ProbeSpan probe_timed_hvc(std::uint64_t function);
extern "C" ProbeSpan probe_timed_hypercall(std::uint64_t number, std::uint64_t argument);

constexpr Intid unused_ppi = ppi(4); // no machine here connects it
constexpr std::uint32_t all = ~0U;

/// A row only where the call is no undefined instruction.
template <class Callable>
void measure_call(std::string_view name, unsigned samples, Callable once)
{
    if (!guarded([&] { (void)once(); })) print_row(name, measure(samples, once));
}

void measure_enable(const char* name, unsigned samples, std::uint32_t bits)
{
    const auto block = gic::block_of(unused_ppi);
    print_row(name, measure(samples, [&] {
                  block.write(Gicd::ICENABLER[0], all);
                  return probe_timed_store(bits, block.base() + Gicd::ISENABLER[0].offset).ticks();
              }));
    block.write(Gicd::ICENABLER[0], all);
}

} // namespace

void measure_traps(const Board& board, unsigned samples)
{
    constexpr std::uint64_t XENVER_version = 0;
    measure_call("xen_version", samples, [] {
        return probe_timed_hypercall(static_cast<std::uint64_t>(HypercallNumber::xen_version),
                                     XENVER_version)
            .ticks();
    });
    measure_call("psci_version", samples, [] {
        return probe_timed_hvc(static_cast<std::uint64_t>(psci::Function::VERSION)).ticks();
    });

    const auto typer = gic::distributor().base() + Gicd::TYPER.offset;
    print_row("gicd_typer", measure(samples, [&] { return probe_timed_load(typer).ticks(); }));
    measure_enable("isenabler0_one", samples, 1U << unused_ppi.value);
    measure_enable("isenabler0_all", samples, all);

    const auto flags = board.uart_registers.start + (board.uart == UartKind::cadence
                                                         ? CadenceUartRegisters::Channel_sts.offset
                                                         : Uart011::FR.offset);
    print_row("uart_flags", measure(samples, [&] { return probe_timed_load(flags).ticks(); }));
}

} // namespace bulkhead::guest
