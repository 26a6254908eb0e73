// What the guest finds when it starts. Values that the architecture leaves UNKNOWN are not looked
// at.

#include "conformance/after_reset.hpp"

#include "conformance/check.hpp"
#include "kit/barrier.hpp"
#include "kit/gic_registers.hpp"
#include "kit/system_register.hpp"
#include "kit/timer.hpp"

namespace bulkhead::guest::conformance {
namespace {

struct State {
    std::uint32_t distributor_control = 0;
    std::uint32_t enabled = 0; // any shared interrupt, and the PPIs
    std::uint32_t pending = 0;
    std::uint32_t active = 0;
    std::uint64_t priority_mask = 0;
    std::uint64_t cpu_interface_enabled = 0;
    std::uint64_t virtual_timer_control = 0;
    std::uint64_t physical_timer_control = 0;
    std::uint32_t waker = 0;
};
constinit State noted;

/// SGIs may be enabled for good (IHI 0048, 4.3.5).
constexpr std::uint32_t ppis = 0xffff'0000;

void note_word(RegisterBlock block, unsigned word, std::uint32_t of_interest)
{
    noted.enabled |= block.read(Gicd::ISENABLER[word]) & of_interest;
    noted.pending |= block.read(Gicd::ISPENDR[word]) & of_interest;
    noted.active |= block.read(Gicd::ISACTIVER[word]);
}

void note_gic(const gic::Description& gic)
{
    const RegisterBlock distributor{gic.distributor.start};
    noted.distributor_control = distributor.read(Gicd::CTLR);
    const auto words = Gicd::Type::ITLinesNumber::of(distributor.read(Gicd::TYPER)) + 1;
    for (unsigned word = 1; word < words; ++word)
        note_word(distributor, word, ~0U);
    if (gic.version == gic::Version::v2) {
        note_word(distributor, 0, ppis);
        const RegisterBlock cpu_interface{gic.cpu_interface.start};
        noted.priority_mask = cpu_interface.read(Gicc::PMR);
        noted.cpu_interface_enabled = cpu_interface.read(Gicc::CTLR) & 1U;
        return;
    }
    const RegisterBlock redistributor{gic.redistributors[0].start}; // some CPU's; all are alike
    noted.waker = redistributor.read(Gicr::WAKER);
    note_word(RegisterBlock{redistributor.base() + Gicr::frame_size}, 0, ppis);
    ICC_SRE_EL1::write(ICC_SRE_EL1::SRE::mask);
    instruction_barrier();
    noted.priority_mask = ICC_PMR_EL1::read();
    noted.cpu_interface_enabled = ICC_IGRPEN1_EL1::read();
}

void gic_forwards_nothing()
{
    constexpr auto enables = static_cast<std::uint32_t>(Gicd::Control::EnableGrp1::mask |
                                                        Gicd::Control::EnableGrp1A::mask);
    expect_equal("the enables of GICD_CTLR", noted.distributor_control & enables, 0);
}

void no_interrupt_is_enabled() { expect_equal("ISENABLERn", noted.enabled, 0); }
void no_interrupt_is_pending() { expect_equal("ISPENDRn", noted.pending, 0); }
void no_interrupt_is_active() { expect_equal("ISACTIVERn", noted.active, 0); }
void priority_mask_is_zero() { expect_equal("PMR", noted.priority_mask, 0); }

void cpu_interface_is_disabled()
{
    expect_equal("the CPU interface's enable", noted.cpu_interface_enabled, 0);
}

void redistributor_sleeps()
{
    expect("GICR_WAKER.ProcessorSleep is 1", Gicr::Waker::ProcessorSleep::of(noted.waker));
    expect("GICR_WAKER.ChildrenAsleep is 1", Gicr::Waker::ChildrenAsleep::of(noted.waker));
}

void timers_are_disabled()
{
    expect("CNTV_CTL_EL0.ENABLE is 0", !TimerControl::ENABLE::of(noted.virtual_timer_control));
    expect("CNTP_CTL_EL0.ENABLE is 0", !TimerControl::ENABLE::of(noted.physical_timer_control));
}

constexpr Check checks[] = {
    {"after_reset.gic_forwards_nothing", gic_forwards_nothing},
    {"after_reset.no_interrupt_is_enabled", no_interrupt_is_enabled},
    {"after_reset.no_interrupt_is_pending", no_interrupt_is_pending},
    {"after_reset.no_interrupt_is_active", no_interrupt_is_active},
    {"after_reset.priority_mask_is_zero", priority_mask_is_zero},
    {"after_reset.cpu_interface_is_disabled", cpu_interface_is_disabled},
    {"after_reset.redistributor_sleeps", redistributor_sleeps, Needs::gic_v3},
    {"after_reset.timers_are_disabled", timers_are_disabled},
};

} // namespace

constinit const Group after_reset_group = checks;

void note_state_after_reset(const Board& board)
{
    noted.virtual_timer_control = CNTV_CTL_EL0::read();
    noted.physical_timer_control = CNTP_CTL_EL0::read();
    note_gic(board.gic);
}

} // namespace bulkhead::guest::conformance
