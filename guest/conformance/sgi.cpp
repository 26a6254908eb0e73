// Software generated interrupts (IHI 0048, 4.3.15; IHI 0069, ICC_SGI1R_EL1).

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/barrier.hpp"
#include "kit/cpu.hpp"
#include "kit/gic.hpp"
#include "kit/system_register.hpp"

#include <atomic>

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

// CPU 1's side of the conversation.
constinit std::atomic<bool> ready{false};
constinit std::atomic<std::uint32_t> second_cpu_got{0};
constinit std::atomic<std::uint32_t> second_cpu_saw_sender{0};

void start_conversation(void (*second_cpu)())
{
    ready = false;
    second_cpu_got = 0;
    expect("CPU 1 starts", start_second_cpu(second_cpu));
    expect("CPU 1 is ready", within(soon, [] { return ready.load(); }));
}

void expect_end() { expect("CPU 1 powers off", second_cpu_ends()); }

void every_sgi_reaches_self()
{
    for (std::uint32_t n = 0; n < 16; ++n) {
        enable(sgi(n));
        send_to_self(sgi(n));
        const auto taken = take();
        expect_equal("the interrupt", taken.intid().value, n);
        if (gic::version() == gic::Version::v2) expect_equal("its sender", taken.sender(), 0U);
        machine::end(taken);
    }
    expect("each came once", stays_quiet());
}

void two_sends_are_one_interrupt()
{
    enable(sgi(2));
    send_to_self(sgi(2));
    send_to_self(sgi(2));
    machine::end(take());
    expect("there is no second", stays_quiet());
}

void disabled_stays_pending()
{
    if (!sgis_can_be_disabled()) return;
    gic::set_priority(sgi(3), 0xa0);
    gic::disable(sgi(3));
    send_to_self(sgi(3));
    expect("nothing is signalled while disabled", stays_quiet());
    expect("it is pending", is_pending(sgi(3)));
    gic::enable(sgi(3));
    const auto taken = take();
    expect_equal("the interrupt once enabled", taken.intid().value, 3);
    machine::end(taken);
}

void all_others_leaves_out_self()
{
    enable(sgi(4));
    gic::send_sgi_to_others(sgi(4));
    expect("this CPU gets nothing", stays_quiet());
}

void send_to_nobody()
{
    enable(sgi(4));
    if (gic::version() == gic::Version::v2) {
        gic::distributor().write(Gicd::SGIR, 4U); // an empty target list
    } else {
        ICC_SGI1R_EL1::write(ICC_SGI1R_EL1::INTID::put(4));
        // To a cluster that does not exist.
        ICC_SGI1R_EL1::write(ICC_SGI1R_EL1::INTID::put(4) | ICC_SGI1R_EL1::Aff2::put(0xfe) |
                             ICC_SGI1R_EL1::TargetList::put(0xffff));
        instruction_barrier();
    }
    expect("this CPU gets nothing", stays_quiet());
}

/// Wait for one SGI, with its number; answer with the next number.
void answer_one()
{
    for (std::uint32_t n = 0; n < 16; ++n)
        gic::enable(sgi(n));
    ready = true;
    const auto taken = take();
    second_cpu_got = taken.intid().value;
    second_cpu_saw_sender = taken.sender();
    machine::end(taken);
    gic::send_sgi({taken.intid().value + 1}, 0);
}

void other_cpu_gets_and_answers()
{
    enable(sgi(10));
    enable(sgi(11));
    start_conversation(answer_one);
    gic::send_sgi(sgi(10), 1);
    const auto answer = take();
    expect_equal("the answer", answer.intid().value, 11);
    if (gic::version() == gic::Version::v2) {
        expect_equal("the answer's sender", answer.sender(), 1U);
        expect_equal("the sender CPU 1 saw", second_cpu_saw_sender.load(), 0U);
    }
    machine::end(answer);
    expect_equal("what CPU 1 got", second_cpu_got.load(), 10U);
    expect("this CPU did not get its own", stays_quiet());
    expect_end();
}

void all_others_reaches_the_other()
{
    enable(sgi(13));
    start_conversation(answer_one);
    gic::send_sgi_to_others(sgi(12));
    const auto answer = take();
    expect_equal("the answer", answer.intid().value, 13);
    machine::end(answer);
    expect_equal("what CPU 1 got", second_cpu_got.load(), 12U);
    expect_end();
}

constexpr unsigned rounds = 100;

void answer_many()
{
    gic::enable(sgi(1));
    ready = true;
    for (unsigned n = 0; n < rounds; ++n) {
        const auto taken = take();
        if (taken.intid() != sgi(1)) return;
        machine::end(taken);
        gic::send_sgi(sgi(2), 0);
    }
}

void ping_pong_loses_none()
{
    enable(sgi(2));
    start_conversation(answer_many);
    for (unsigned n = 0; n < rounds; ++n) {
        gic::send_sgi(sgi(1), 1);
        const auto taken = take();
        if (taken.intid() != sgi(2)) {
            expect_equal("rounds until an SGI was lost", n, rounds);
            return;
        }
        machine::end(taken);
    }
    expect_end();
}

/// Ready, then off without a look at the GIC.
void just_send_twice()
{
    ready = true;
    gic::send_sgi(sgi(6), 0);
    gic::send_sgi(sgi(6), 0);
}

void senders_are_kept_apart()
{
    // GICv2: the same SGI from two CPUs is two interrupts (IHI 0048, 3.2.3).
    enable(sgi(6));
    start_conversation(just_send_twice);
    expect_end();
    send_to_self(sgi(6));
    const auto first = take();
    machine::end(first);
    const auto second = take();
    machine::end(second);
    expect_equal("the first", first.intid().value, 6);
    expect_equal("the second", second.intid().value, 6);
    expect("one from each CPU", first.sender() + second.sender() == 1);
    expect("there is no third", stays_quiet());
}

void pending_registers_hold_senders()
{
    // GICD_SPENDSGIR and GICD_CPENDSGIR: a byte for each SGI, a bit for each sender.
    const auto distributor = gic::distributor();
    const auto own = gic::interface_mask();
    enable(sgi(1));
    distributor.write(Gicd::SPENDSGIR[0], own << 8U);
    expect_equal("SPENDSGIR0", distributor.read(Gicd::SPENDSGIR[0]), own << 8U);
    expect_equal("CPENDSGIR0", distributor.read(Gicd::CPENDSGIR[0]), own << 8U);
    expect("it is signalled", comes());
    distributor.write(Gicd::CPENDSGIR[0], own << 8U);
    expect_equal("SPENDSGIR0, cleared", distributor.read(Gicd::SPENDSGIR[0]), 0U);
    expect("it is withdrawn", within(soon, [] { return !signalled(); }));
}

constexpr Check checks[] = {
    {"sgi.every_number_reaches_self", every_sgi_reaches_self},
    {"sgi.two_sends_are_one_interrupt", two_sends_are_one_interrupt},
    {"sgi.disabled_stays_pending", disabled_stays_pending},
    {"sgi.all_others_leaves_out_self", all_others_leaves_out_self},
    {"sgi.to_nobody_reaches_nobody", send_to_nobody},
    {"sgi.other_cpu_gets_and_answers", other_cpu_gets_and_answers, Needs::two_cpus},
    {"sgi.all_others_reaches_the_other", all_others_reaches_the_other, Needs::two_cpus},
    {"sgi.ping_pong_loses_none", ping_pong_loses_none, Needs::two_cpus},
    {"sgi.senders_are_kept_apart", senders_are_kept_apart, Needs::gic_v2_two_cpus},
    {"sgi.pending_registers_hold_senders", pending_registers_hold_senders, Needs::gic_v2_two_cpus},
};

} // namespace

constinit const Group sgi_group = checks;

} // namespace bulkhead::guest::conformance
