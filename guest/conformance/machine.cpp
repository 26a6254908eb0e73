#include "conformance/machine.hpp"

#include "kit/barrier.hpp"
#include "kit/cpu.hpp"
#include "kit/exception.hpp"
#include "kit/gic_cpu_interface.hpp"
#include "kit/hypercall.hpp"
#include "kit/pl011.hpp"
#include "kit/print.hpp"
#include "kit/psci.hpp"
#include "kit/stop.hpp"
#include "kit/system_register.hpp"

#include <array>
#include <atomic>

namespace bulkhead::guest::conformance::machine {
namespace {

constinit const Board* the_board = nullptr;

/// What CPU 0 has acknowledged and not ended, in order.
constinit std::array<gic::Acknowledged, 16> taken{};
constinit unsigned number_taken = 0;

bool bit(AtEach<std::uint32_t> registers, Intid intid)
{
    return (gic::block_of(intid).read(registers[intid.value / 32]) >> intid.value % 32 & 1U) != 0;
}

void set_bit(AtEach<std::uint32_t> registers, Intid intid)
{
    gic::block_of(intid).write(registers[intid.value / 32], 1U << intid.value % 32);
}

bool has_uart011() { return board().uart == UartKind::pl011 || board().uart == UartKind::sbsa; }

/// Take and end whatever was left for this CPU, so that it does not show in the next check: not
/// every machine that runs this lets software clear what is pending.
void drain()
{
    gic::set_split_end(false);
    gic::set_priority_mask(0xff);
    constexpr std::uint32_t every_sgi = 0xffff;
    gic::block_of(sgi(0)).write(Gicd::ISENABLER[0], every_sgi);
    gic::enable(board().virtual_timer.intid);
    gic::enable(board().physical_timer.intid);
    constexpr unsigned more_than_there_can_be = 64;
    for (unsigned n = 0; n < more_than_there_can_be && !stays_quiet(); ++n) {
        const auto interrupt = gic::acknowledge();
        if (!interrupt.intid().is_special()) gic::end(interrupt);
    }
}

constinit void (*second_cpu_function)() = nullptr;
constinit std::atomic<bool> second_cpu_ran{false};

void run_second_cpu()
{
    const auto fault = guarded([] {
        gic::start_cpu();
        drain();
        gic::start_cpu();
        second_cpu_function();
    });
    if (fault)
        print("# CPU 1: unexpected exception, ESR ", hex(fault->esr), " FAR ", hex(fault->far),
              " ELR ", hex(fault->elr - image_base()), "\n");
    second_cpu_ran = true;
}

} // namespace

void set_board(const Board& board) { the_board = &board; }
const Board& board() { return *the_board; }

void reset()
{
    mask_interrupts();
    set_interrupt_handler(nullptr);
    Timer{TimerKind::virtual_timer}.stop();
    Timer{TimerKind::physical_timer}.stop();
    if (has_uart011()) RegisterBlock{board().uart_registers.start}.write(Uart011::IMSC, 0U);
    while (number_taken != 0)
        machine::end(taken[number_taken - 1]);
    if (gic::version() != gic::Version::none) drain(); // it is at the first reset
    if (const auto fault = guarded([] { gic::start(board().gic); }); fault)
        print("# gic::start: unexpected exception, ESR ", hex(fault->esr), " FAR ", hex(fault->far),
              " ELR ", hex(fault->elr - image_base()), "\n");
}

const char* lacks(Needs needs)
{
    using enum Needs;
    const auto is_any_of = [needs](auto... these) { return ((needs == these) || ...); };
    const bool v3 = gic::version() == gic::Version::v3;
    if (is_any_of(gic_v2, gic_v2_two_cpus) && v3) return "not a GICv2";
    if (is_any_of(gic_v3) && !v3) return "not a GICv3";
    if (is_any_of(two_cpus, gic_v2_two_cpus, spare_spi_two_cpus) && Cpu::count() < 2)
        return "needs two CPUs";
    if (is_any_of(Needs::spare_spi, spare_spi_two_cpus) && !machine::spare_spi())
        return "no shared interrupt is free";
    if (is_any_of(uart011) && !has_uart011()) return "the console is no PL011";
    if (is_any_of(sve) && ID_AA64PFR0_EL1::SVE::of(ID_AA64PFR0_EL1::read()) == 0)
        return "the CPU has no SVE";
    if (is_any_of(hypervisor) && !hypervisor_answers()) return "no hypervisor answers";
    return nullptr;
}

std::optional<Intid> spare_spi(unsigned n)
{
    // From the top, where the fewest devices are. Implemented is what can be enabled.
    for (Intid intid{gic::interrupts() - 1}; intid.value >= 32; --intid.value) {
        if (intid == board().uart_interrupt.intid) continue;
        const bool was_enabled = is_enabled(intid);
        gic::enable(intid);
        const bool implemented = is_enabled(intid);
        if (!was_enabled) gic::disable(intid);
        if (implemented && n-- == 0) return intid;
    }
    return std::nullopt;
}

Intid the_spare_spi() { return spare_spi().value_or(spi(0)); }

bool hypervisor_answers()
{
    std::int64_t version = 0;
    const auto fault =
        guarded([&version] { version = hypercall(HypercallNumber::xen_version, 0); });
    return !fault && version > 0;
}

bool signalled()
{
    using IRQ = Bit<7>;
    return IRQ::of(ISR_EL1::read());
}

bool comes() { return within(soon, signalled); }
bool stays_quiet() { return !within(a_while, signalled); }

gic::Acknowledged acknowledge()
{
    const auto interrupt = gic::acknowledge();
    if (Cpu::current() == 0 && !interrupt.intid().is_special() && number_taken < taken.size())
        taken[number_taken++] = interrupt;
    return interrupt;
}

void end(gic::Acknowledged interrupt)
{
    gic::end(interrupt);
    if (Cpu::current() == 0 && number_taken != 0) --number_taken;
}

gic::Acknowledged take()
{
    within(soon, signalled);
    return acknowledge();
}

bool is_enabled(Intid intid) { return bit(Gicd::ISENABLER, intid); }
bool is_pending(Intid intid) { return bit(Gicd::ISPENDR, intid); }
bool is_active(Intid intid) { return bit(Gicd::ISACTIVER, intid); }
void set_active(Intid intid) { set_bit(Gicd::ISACTIVER, intid); }
void clear_active(Intid intid) { set_bit(Gicd::ICACTIVER, intid); }
void clear_pending(Intid intid) { set_bit(Gicd::ICPENDR, intid); }

std::uint8_t priority_of(Intid intid)
{
    return gic::block_of(intid).read(Gicd::IPRIORITYR_BYTE[intid.value]);
}

void send_to_self(Intid intid)
{
    if (gic::version() == gic::Version::v3) {
        gic::send_sgi(intid, 0);
        return;
    }
    // Filter 2, "only the CPU that wrote": right on a single CPU too, where masks read as zero.
    data_barrier();
    gic::distributor().write(
        Gicd::SGIR, static_cast<std::uint32_t>(Gicd::Sgi::TargetListFilter::put(Gicd::Sgi::self) |
                                               Gicd::Sgi::INTID::put(intid.value)));
}

bool sgis_can_be_disabled()
{
    gic::disable(sgi(15));
    return !is_enabled(sgi(15));
}

void enable(Intid intid, std::uint8_t priority)
{
    gic::set_priority(intid, priority);
    if (!intid.is_private()) gic::route_here(intid);
    gic::enable(intid);
}

bool start_second_cpu(void (*function)())
{
    second_cpu_function = function;
    second_cpu_ran = false;
    return Cpu::start(1, run_second_cpu) == psci::SUCCESS;
}

bool second_cpu_is_off()
{
    return psci::call(psci::Function::AFFINITY_INFO, Cpu::affinity(1), 0) ==
           static_cast<std::int32_t>(psci::PowerState::off);
}

bool second_cpu_ends()
{
    // It may still read as off when it has not begun.
    return within(soon, [] { return second_cpu_ran.load(); }) && within(soon, second_cpu_is_off);
}

} // namespace bulkhead::guest::conformance::machine
