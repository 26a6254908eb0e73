// The CPU interface: masking, acknowledging, ending (IHI 0048, 4.4; IHI 0069, 4.8 and 12.2).

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/gic.hpp"
#include "kit/gic_cpu_interface.hpp"
#include "kit/system_register.hpp"

#include <array>

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

constexpr Intid interrupt = sgi(7);
constexpr std::uint32_t spurious = 1023;
/// The bits of a priority that every GIC has, and both its views of it (IHI 0069, 4.8).
constexpr std::uint8_t common_bits = 0xf0;

void system_registers_are_on()
{
    expect("ICC_SRE_EL1.SRE is 1", ICC_SRE_EL1::SRE::of(ICC_SRE_EL1::read()));
    expect("ICC_CTLR_EL1.PRIbits is at least 3",
           ICC_CTLR_EL1::PRIbits::of(ICC_CTLR_EL1::read()) >= 3);
}

void priority_mask_keeps_its_bits()
{
    gic::set_priority_mask(0xff);
    const auto kept = gic::priority_mask();
    expect_equal("the upper bits of PMR", kept & common_bits, common_bits);
    const auto missing = static_cast<std::uint8_t>(~kept);
    expect_equal("a hole in PMR's bits", missing & (missing + 1U), 0U);
    if (gic::version() == gic::Version::v3) {
        const auto bits = ICC_CTLR_EL1::PRIbits::of(ICC_CTLR_EL1::read()) + 1;
        expect_equal("PMR with ICC_CTLR_EL1.PRIbits", kept,
                     static_cast<std::uint8_t>(0xff00U >> bits));
    }
    gic::set_priority_mask(0);
    expect_equal("PMR, zero", gic::priority_mask(), 0);
}

void priority_mask_masks()
{
    enable(interrupt, 0xa0);
    gic::set_priority_mask(0xa0);
    send_to_self(interrupt);
    expect("a priority equal to PMR is not signalled", stays_quiet());
    expect_equal("an acknowledge meanwhile", machine::acknowledge().intid().value, spurious);
    gic::set_priority_mask(0xb0);
    const auto taken = take();
    expect_equal("the interrupt above PMR", taken.intid().value, interrupt.value);
    machine::end(taken);
}

void priority_mask_withdraws()
{
    enable(interrupt, 0xa0);
    send_to_self(interrupt);
    expect("it is signalled", comes());
    gic::set_priority_mask(0x50);
    expect("PMR withdraws it", within(soon, [] { return !signalled(); }));
    expect("it stays pending", is_pending(interrupt));
    gic::set_priority_mask(0xf0);
    expect("PMR lets it through again", comes());
}

void binary_point_keeps_its_range()
{
    gic::set_binary_point(7);
    expect_equal("BPR", gic::binary_point(), 7);
    gic::set_binary_point(0);
    // Below the least supported value it reads as that (IHI 0048, 4.4.3).
    expect("the least BPR is at most 4", gic::binary_point() <= 4);
}

void nothing_pending_is_spurious()
{
    expect_equal("acknowledge", machine::acknowledge().intid().value, spurious);
    expect_equal("HPPIR", gic::highest_pending().intid().value, spurious);
    expect_equal("the running priority, idle", gic::running_priority() & common_bits, common_bits);
}

void highest_pending_shows_without_acknowledging()
{
    enable(interrupt);
    send_to_self(interrupt);
    expect("it is signalled", comes());
    expect_equal("HPPIR", gic::highest_pending().intid().value, interrupt.value);
    expect_equal("HPPIR again", gic::highest_pending().intid().value, interrupt.value);
    expect("it is not active", !is_active(interrupt));
}

void states_follow_the_handling()
{
    enable(interrupt, 0x80);
    send_to_self(interrupt);
    expect("it is signalled", comes());
    expect("pending at first", is_pending(interrupt));
    expect("not active at first", !is_active(interrupt));
    const auto taken = machine::acknowledge();
    expect_equal("acknowledge", taken.intid().value, interrupt.value);
    expect("not pending when acknowledged", !is_pending(interrupt));
    expect("active when acknowledged", is_active(interrupt));
    expect_equal("the running priority", gic::running_priority() & common_bits, 0x80);
    machine::end(taken);
    expect("not active when ended", !is_active(interrupt));
    expect_equal("the running priority, idle", gic::running_priority() & common_bits, common_bits);
}

void pending_while_active_comes_again()
{
    enable(interrupt);
    send_to_self(interrupt);
    const auto first = take();
    send_to_self(interrupt);
    expect("nothing is signalled while it is active", stays_quiet());
    expect("pending and active", is_pending(interrupt) && is_active(interrupt));
    machine::end(first);
    const auto second = take();
    expect_equal("the second", second.intid().value, interrupt.value);
    machine::end(second);
    expect("there is no third", stays_quiet());
}

void signalling_can_be_switched_off()
{
    enable(interrupt);
    gic::set_signalling(false);
    send_to_self(interrupt);
    expect("nothing is signalled", stays_quiet());
    gic::set_signalling(true);
    const auto taken = take();
    expect_equal("the interrupt", taken.intid().value, interrupt.value);
    machine::end(taken);
}

void disabling_withdraws()
{
    if (!sgis_can_be_disabled()) return;
    enable(interrupt);
    send_to_self(interrupt);
    expect("it is signalled", comes());
    gic::disable(interrupt);
    expect("ICENABLER withdraws it", within(soon, [] { return !signalled(); }));
    expect("it stays pending", is_pending(interrupt));
    gic::enable(interrupt);
    expect("ISENABLER lets it through again", comes());
}

void split_end_drops_then_deactivates()
{
    gic::set_split_end(true);
    expect("EOImode reads 1", gic::split_end());
    enable(interrupt, 0x80);
    send_to_self(interrupt);
    const auto first = take();
    expect_equal("acknowledge", first.intid().value, interrupt.value);
    machine::end(first);
    expect_equal("the running priority after EOIR", gic::running_priority() & common_bits,
                 common_bits);
    expect("active after EOIR", is_active(interrupt));
    send_to_self(interrupt);
    expect("nothing is signalled before DIR", stays_quiet());
    gic::deactivate(first);
    const auto second = take();
    expect_equal("the next after DIR", second.intid().value, interrupt.value);
    machine::end(second);
    gic::deactivate(second);
    expect("not active after DIR", !is_active(interrupt));
}

void split_end_lets_others_through()
{
    gic::set_split_end(true);
    enable(sgi(8), 0x80);
    enable(sgi(9), 0xc0);
    send_to_self(sgi(8));
    const auto first = take();
    machine::end(first);
    send_to_self(sgi(9));
    const auto second = take();
    expect_equal("a lower one after the drop", second.intid().value, 9);
    machine::end(second);
    gic::deactivate(first); // in the order they came, not the reverse
    gic::deactivate(second);
    expect("neither is active", !is_active(sgi(8)) && !is_active(sgi(9)));
}

/// More active at once than any CPU has list registers.
void split_end_deactivates_the_one_that_is_meant()
{
    gic::set_split_end(true);
    std::array<gic::Acknowledged, 16> taken{};
    for (std::uint32_t n = 0; n < taken.size(); ++n) {
        enable(sgi(n), 0x80);
        send_to_self(sgi(n));
        taken[n] = take();
        machine::end(taken[n]);
    }
    std::uint32_t left = 0xffff;
    for (std::uint32_t k = 0; k < taken.size(); ++k) {
        const auto& one = taken[(k * 7 + 5) % taken.size()];
        gic::deactivate(one);
        left &= ~(1U << one.intid().value);
        expect_equal("SGIs that are active",
                     gic::block_of(sgi(0)).read(Gicd::ISACTIVER[0]) & 0xffff, left);
    }
    for (const auto& each : taken)
        send_to_self(each.intid());
    for (std::uint32_t n = 0; n < taken.size(); ++n) {
        const auto again = take();
        machine::end(again);
        gic::deactivate(again);
        expect("each comes again", !again.intid().is_special());
    }
}

constexpr Check checks[] = {
    {"cpu_interface.system_registers_are_on", system_registers_are_on, Needs::gic_v3},
    {"cpu_interface.priority_mask_keeps_its_bits", priority_mask_keeps_its_bits},
    {"cpu_interface.priority_mask_masks", priority_mask_masks},
    {"cpu_interface.priority_mask_withdraws", priority_mask_withdraws},
    {"cpu_interface.binary_point_keeps_its_range", binary_point_keeps_its_range},
    {"cpu_interface.nothing_pending_is_spurious", nothing_pending_is_spurious},
    {"cpu_interface.highest_pending_shows_without_acknowledging",
     highest_pending_shows_without_acknowledging},
    {"cpu_interface.states_follow_the_handling", states_follow_the_handling},
    {"cpu_interface.pending_while_active_comes_again", pending_while_active_comes_again},
    {"cpu_interface.signalling_can_be_switched_off", signalling_can_be_switched_off},
    {"cpu_interface.disabling_withdraws", disabling_withdraws},
    {"cpu_interface.split_end_drops_then_deactivates", split_end_drops_then_deactivates},
    {"cpu_interface.split_end_lets_others_through", split_end_lets_others_through},
    {"cpu_interface.split_end_deactivates_the_one_that_is_meant",
     split_end_deactivates_the_one_that_is_meant},
};

} // namespace

constinit const Group cpu_interface_group = checks;

} // namespace bulkhead::guest::conformance
