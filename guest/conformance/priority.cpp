// Priorities: order, preemption, binary point (IHI 0048, 3.3; IHI 0069, 4.8).

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/barrier.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/gic_cpu_interface.hpp"

#include <array>

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

constexpr std::uint8_t common_bits = 0xf0;

/// All 16 SGIs at once, more than any CPU has list registers; the priority of each is its own.
template <class Priority>
void check_order_of_sixteen(Priority priority)
{
    for (std::uint32_t n = 0; n < 16; ++n)
        enable(sgi(n), static_cast<std::uint8_t>(priority(n)));
    for (std::uint32_t n = 0; n < 16; ++n)
        send_to_self(sgi(n));
    std::uint32_t last = 0;
    for (std::uint32_t n = 0; n < 16; ++n) {
        const auto taken = take();
        if (taken.intid().is_special()) {
            expect_equal("interrupts until one was lost", n, 16U);
            return;
        }
        const auto running = static_cast<std::uint32_t>(gic::running_priority() & common_bits);
        expect_equal("the running priority", running, priority(taken.intid().value));
        expect("each is as urgent as the one before, or less", running >= last);
        last = running;
        machine::end(taken);
    }
    expect("none comes twice", stays_quiet());
}

void sixteen_rising()
{
    check_order_of_sixteen([](std::uint32_t n) { return n * 16U; });
}

void sixteen_falling()
{
    check_order_of_sixteen([](std::uint32_t n) { return (15 - n) * 16U; });
}

void sixteen_mixed()
{
    check_order_of_sixteen([](std::uint32_t n) { return n * 7 % 16 * 16U; });
}

void higher_comes_first_though_later()
{
    enable(sgi(1), 0xa0);
    enable(sgi(2), 0x60);
    send_to_self(sgi(1));
    expect("the lower is signalled", comes());
    send_to_self(sgi(2));
    expect("the higher overtakes it",
           within(soon, [] { return gic::highest_pending().intid() == sgi(2); }));
    const auto first = take();
    machine::end(first);
    const auto second = take();
    machine::end(second);
    expect_equal("the first", first.intid().value, 2);
    expect_equal("the second", second.intid().value, 1);
}

void priority_of_pending_can_change()
{
    enable(sgi(1), 0xa0);
    enable(sgi(2), 0x80);
    send_to_self(sgi(1));
    send_to_self(sgi(2));
    expect("one is signalled", comes());
    // While disabled, so that the change is certain to count (IHI 0069, 4.8).
    gic::disable(sgi(1));
    gic::set_priority(sgi(1), 0x40);
    gic::enable(sgi(1));
    const auto first = take();
    machine::end(first);
    machine::end(take());
    expect_equal("the first", first.intid().value, 1);
}

void higher_preempts()
{
    enable(sgi(1), 0xa0);
    enable(sgi(2), 0x60);
    send_to_self(sgi(1));
    const auto lower = take();
    expect_equal("the lower", lower.intid().value, 1);
    send_to_self(sgi(2));
    const auto higher = take();
    expect_equal("the higher, in between", higher.intid().value, 2);
    expect_equal("the running priority", gic::running_priority() & common_bits, 0x60);
    machine::end(higher);
    expect_equal("the running priority, back", gic::running_priority() & common_bits, 0xa0);
    machine::end(lower);
    expect_equal("the running priority, idle", gic::running_priority() & common_bits, common_bits);
}

void lower_and_equal_wait()
{
    enable(sgi(1), 0x80);
    enable(sgi(2), 0x80);
    enable(sgi(3), 0xc0);
    send_to_self(sgi(1));
    const auto first = take();
    send_to_self(sgi(2));
    send_to_self(sgi(3));
    expect("neither is signalled", stays_quiet());
    expect_equal("an acknowledge meanwhile", machine::acknowledge().intid().value, 1023);
    machine::end(first);
    const auto second = take();
    expect_equal("the equal comes next", second.intid().value, 2);
    machine::end(second);
    const auto third = take();
    expect_equal("the lower comes last", third.intid().value, 3);
    machine::end(third);
}

void binary_point_groups()
{
    // 5: the upper two or three bits preempt, by version and Security state. 0x40 and 0x50 are in
    // one group either way, 0x00 is in another.
    gic::set_binary_point(5);
    enable(sgi(1), 0x50);
    enable(sgi(2), 0x40);
    enable(sgi(3), 0x00);
    send_to_self(sgi(1));
    const auto first = take();
    expect_equal("the first", first.intid().value, 1);
    send_to_self(sgi(2));
    expect("the same group does not preempt", stays_quiet());
    send_to_self(sgi(3));
    const auto other_group = take();
    expect_equal("another group preempts", other_group.intid().value, 3);
    machine::end(other_group);
    expect("still the same group does not", stays_quiet());
    machine::end(first);
    const auto second = take();
    expect_equal("the second, after the first", second.intid().value, 2);
    machine::end(second);
}

// -- in earnest: handlers that are interrupted

constinit std::array<std::uint32_t, 8> order{};
constinit unsigned used = 0;

void note(std::uint32_t value)
{
    if (used < order.size()) order[used++] = value;
}

/// Notes its number on entry, and on exit with 100 added; the least urgent is interrupted.
void nesting_handler()
{
    const auto taken = machine::acknowledge();
    if (taken.intid().is_special()) return;
    note(taken.intid().value);
    if (taken.intid() == sgi(1)) {
        send_to_self(sgi(3)); // less urgent, waits
        send_to_self(sgi(2)); // more urgent
        unmask_interrupts();
        within(a_while, [] { return false; });
        mask_interrupts();
    }
    note(taken.intid().value + 100);
    machine::end(taken);
}

void handlers_nest()
{
    used = 0;
    set_interrupt_handler(nesting_handler);
    enable(sgi(1), 0xa0);
    enable(sgi(2), 0x60);
    enable(sgi(3), 0xc0);
    unmask_interrupts();
    send_to_self(sgi(1));
    within(soon, [] { return used == 6; });
    mask_interrupts();
    constexpr std::array<std::uint32_t, 6> expected{1, 2, 102, 101, 3, 103};
    expect_equal("steps", used, 6U);
    for (std::size_t n = 0; n < expected.size(); ++n)
        expect_equal("the order of handlers", order[n], expected[n]);
}

constexpr Check checks[] = {
    {"priority.sixteen_at_once_rising", sixteen_rising},
    {"priority.sixteen_at_once_falling", sixteen_falling},
    {"priority.sixteen_at_once_mixed", sixteen_mixed},
    {"priority.higher_comes_first_though_later", higher_comes_first_though_later},
    {"priority.of_a_pending_one_can_change", priority_of_pending_can_change},
    {"priority.higher_preempts", higher_preempts},
    {"priority.lower_and_equal_wait", lower_and_equal_wait},
    {"priority.binary_point_groups", binary_point_groups},
    {"priority.handlers_nest", handlers_nest},
};

} // namespace

constinit const Group priority_group = checks;

} // namespace bulkhead::guest::conformance
