#include "domain/watch.hpp"

#include "hypercall/watchdog.hpp"
#include "machine/test_machine.hpp"

#include <gtest/gtest.h>
#include <utility>

namespace bulkhead::domain {
namespace {

constexpr std::uint64_t second = 100'000'000;

class WatchTest : public testing::Test {
protected:
    /// Domains of other tests have their alarms on the first processors.
    WatchTest() { machine.run_on(CpuId{9}); }

    [[nodiscard]] Ticks alarm() const { return machine.cpu().alarm; }

    /// x0 and x1 of the call.
    std::pair<std::int64_t, std::uint64_t> call(std::uint64_t command, std::uint64_t argument = 0)
    {
        machine::GuestRegisters registers{};
        registers.x[1] = command;
        registers.x[2] = argument;
        hypercall::call_watchdog(watch, registers);
        return {static_cast<std::int64_t>(registers.x[0]), registers.x[1]};
    }

    test::TestMachine& machine = test::new_machine(10);
    void look() {}

    Callback<void()> nothing = Callback<void()>::to<&WatchTest::look>(*this);
    Watch watch{2500, nothing};
};

TEST_F(WatchTest, a_domain_without_a_watchdog_is_watched_until_it_uses_a_device)
{
    Watch plain{0, nothing};
    EXPECT_FALSE(plain.has_passed(Watch::silence));
    plain.start();
    plain.set_alarm();
    EXPECT_EQ(alarm(), machine.now + Watch::silence_seconds * second);
    plain.sign_of_life();
    EXPECT_EQ(alarm(), machine::never);
    machine.now += 1000 * second;
    EXPECT_FALSE(plain.has_passed(Watch::silence));
    EXPECT_FALSE(plain.has_passed(Watch::watchdog));
}

TEST_F(WatchTest, silence_is_noticed_once)
{
    watch.start();
    machine.now += Watch::silence_seconds * second - 1;
    EXPECT_FALSE(watch.has_passed(Watch::silence));
    machine.now += 1;
    EXPECT_TRUE(watch.has_passed(Watch::silence));
    EXPECT_FALSE(watch.has_passed(Watch::silence));
}

TEST_F(WatchTest, the_watchdog_runs_from_the_start_and_petting_puts_it_off)
{
    watch.start();
    watch.set_alarm();
    EXPECT_EQ(alarm(), machine.now + 25 * second / 10);
    machine.now += 2 * second;
    EXPECT_EQ(call(3).first, 0);
    machine.now += 2 * second;
    EXPECT_FALSE(watch.has_passed(Watch::watchdog));
    machine.now += second;
    EXPECT_TRUE(watch.has_passed(Watch::watchdog));
}

TEST_F(WatchTest, a_guest_can_shorten_its_watchdog_but_neither_lengthen_nor_stop_it)
{
    watch.start();
    EXPECT_EQ(call(0), (std::pair<std::int64_t, std::uint64_t>{0, 1}));
    EXPECT_EQ(call(1, 4).first, -2);
    EXPECT_EQ(call(1, 0).first, -2);
    EXPECT_EQ(call(1, 3).first, 0);
    EXPECT_EQ(alarm(), machine.now + 25 * second / 10) << "3 s are rounded up from 2.5";
    EXPECT_EQ(call(1, 1).first, 0);
    EXPECT_EQ(alarm(), machine.now + second);
    EXPECT_EQ(call(2, 0).first, -3);
    EXPECT_EQ(call(4), (std::pair<std::int64_t, std::uint64_t>{0, 1}));
    machine.now += second;
    EXPECT_EQ(call(4), (std::pair<std::int64_t, std::uint64_t>{0, 0}));
    EXPECT_EQ(call(5).first, -2);
    EXPECT_TRUE(watch.has_passed(Watch::watchdog));
}

TEST_F(WatchTest, a_restart_forgets_what_the_guest_set)
{
    watch.start();
    EXPECT_EQ(call(1, 1).first, 0);
    watch.start();
    watch.set_alarm();
    EXPECT_EQ(alarm(), machine.now + 25 * second / 10);
}

TEST_F(WatchTest, without_a_watchdog_the_call_is_not_there)
{
    Watch none{0, nothing};
    machine::GuestRegisters registers{};
    hypercall::call_watchdog(none, registers);
    EXPECT_EQ(static_cast<std::int64_t>(registers.x[0]), -1);
}

} // namespace
} // namespace bulkhead::domain
