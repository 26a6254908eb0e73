// Interrupts without a hypervisor in between, an experiment (doc/direct-interrupts.md): started at
// EL2 with GICv3 and one security state, it leaves el2.S there, which keeps Group 0 as FIQ, and
// takes Group 1 at EL1 from the physical CPU interface. Each line of output is a finding.

#include "kit/barrier.hpp"
#include "kit/board.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/latency_probe.hpp"
#include "kit/print.hpp"
#include "kit/series.hpp"
#include "kit/stop.hpp"

namespace bulkhead::guest {
namespace {

constexpr unsigned samples = 200;

// Of whom an interrupt is. EL2's is a software interrupt of Group 0 with the highest priority.
constexpr Intid of_el2{15};
constexpr Intid of_guest{14};
constexpr Intid of_others{40}; // an SPI, as if another CPU handled it

/// Half of the priorities, as software that is not secure has them where there are two security
/// states: no value that a guest can write into its half masks the other one (IHI 0069, 4.8.1).
constexpr std::uint8_t highest_of_guest = 0x80;
constexpr std::uint8_t mask_nothing = 0xff;

/// ICH_HCR_EL2: what of the guest's accesses to the CPU interface leads to EL2 (IHI 0069, 12.4.3).
enum Traps : std::uint64_t { none = 0, common = 1U << 10, all_of_group1 = 1U << 12 };

struct Visits {
    unsigned fiqs;
    unsigned traps;
};

/// Sets what EL2 owns, and returns what led there since the last time.
Visits at_el2(std::uint8_t priority_mask, Traps traps)
{
    register std::uint64_t x0 asm("x0") = priority_mask;
    register std::uint64_t x1 asm("x1") = traps;
    asm volatile("hvc #0xd1" : "+r"(x0) : "r"(x1) : "memory");
    return {.fiqs = static_cast<unsigned>(x0 & 0xffff), .traps = static_cast<unsigned>(x0 >> 16)};
}
Visits visits() { return at_el2(mask_nothing, none); }

void print_finding(const char* what, bool is_so)
{
    print("direct: ", what, is_so ? " yes\n" : " no\n");
}

/// An instruction later the CPU has seen it: the GIC of QEMU signals at once.
void make_pending(Intid intid)
{
    gic::set_pending(intid);
    data_barrier();
    instruction_barrier();
}

bool reaches_el2()
{
    make_pending(of_el2);
    const bool came = visits().fiqs == 1;
    // It may not have been taken, and is not to come later.
    gic::block_of(of_el2).write(Gicd::ICPENDR[0], 1U << of_el2.value);
    return came;
}

bool signals_irq() { return (ISR_EL1::read() & 1U << 7) != 0; }

void timers(const Board& board)
{
    const LatencyProbe probe;
    for (const auto kind : {TimerKind::virtual_timer, TimerKind::physical_timer}) {
        Series series;
        const auto timer = board.timer(kind);
        gic::enable(timer.intid);
        (void)visits();
        for (unsigned n = 0; n < samples; ++n)
            series.add(probe.timer_expiry(kind, timer, 10'000, LatencyProbe::Wait::asleep));
        const auto seen = visits();
        gic::disable(timer.intid);
        print("direct: ", kind == TimerKind::virtual_timer ? "virtual" : "physical",
              "_timer min=", series.minimum(), " max=", series.maximum(),
              " visits=", seen.fiqs + seen.traps, "\n");
    }
}

/// What a guest that behaves may do.
void promises()
{
    gic::set_priority(of_guest, highest_of_guest);
    gic::enable(of_guest);

    (void)visits();
    gic::send_sgi(of_guest, 0);
    print_finding("sgi_leads_to_el2", visits().traps == 1);

    ICC_PMR_EL1::write(0);
    make_pending(of_guest);
    print_finding("mask_of_guest_is_virtual_without_trap", signals_irq());
    (void)at_el2(mask_nothing, common);
    ICC_PMR_EL1::write(0xff);
    print_finding("mask_of_guest_can_be_trapped", visits().traps == 1);

    (void)at_el2(highest_of_guest, none);
    instruction_barrier();
    const bool masked = !signals_irq();
    make_pending(of_el2);
    print_finding("half_the_priorities_can_be_masked_alone", visits().fiqs == 1 && masked);
    (void)at_el2(0, none);
    make_pending(of_el2);
    print_finding("mask_0_masks_el2", at_el2(mask_nothing, none).fiqs == 0);
    (void)visits();

    const auto taken = gic::acknowledge();
    print_finding("el2_preempts_an_active_one", reaches_el2() && taken.intid() == of_guest);
    gic::end(taken);
}

/// What a guest may try.
void attacks()
{
    ICC_AP1R0_EL1::write(1);
    instruction_barrier();
    print_finding("active_priority_locks_el2_out", !reaches_el2());
    ICC_AP1R0_EL1::write(0);
    instruction_barrier();
    print_finding("el2_is_back_without_it", reaches_el2());

    const auto others = gic::distributor();
    constexpr auto word = of_others.value / 32;
    constexpr auto bit = 1U << of_others.value % 32;
    const auto is_active = [&] { return (others.read(Gicd::ISACTIVER[word]) & bit) != 0; };
    others.write(Gicd::ISACTIVER[word], bit);
    const bool before = is_active();
    ICC_AP1R0_EL1::write(1U << (highest_of_guest >> 3));
    ICC_EOIR1_EL1::write(of_others.value);
    instruction_barrier();
    print_finding("end_of_interrupt_ends_another_cpus", before && !is_active());
    ICC_AP1R0_EL1::write(0);

    // Trapped, neither would work; but then each interrupt leads to EL2 twice.
    (void)at_el2(mask_nothing, all_of_group1);
    gic::end(gic::acknowledge());
    print("direct: interrupt_with_group1_trapped traps=", visits().traps, "\n");
}

} // namespace

void guest_main(const Board& board)
{
    if (board.gic.version != gic::Version::v3) stop("this takes a GICv3");
    // Others at EL2, if there are any, say that they do not know this call.
    bool is_ours = false;
    (void)guarded([&] { is_ours = visits().fiqs == 0; });
    if (!is_ours) stop("this takes EL2");
    gic::start(board.gic);
    if (!Gicd::Control::DS::of(gic::distributor().read(Gicd::CTLR)))
        stop("this takes one security state: GICD_CTLR.DS is 0");
    gic::block_of(of_el2).write(Gicd::IGROUPR[0], ~(1U << of_el2.value));
    gic::set_priority(of_el2, 0);
    gic::enable(of_el2);
    print_finding("group0_reaches_el2", reaches_el2());
    timers(board);
    promises();
    attacks();
    print("direct: done\n");
}

} // namespace bulkhead::guest
