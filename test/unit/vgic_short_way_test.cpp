#include "unit/vgic_world.hpp"

namespace bulkhead::test {
namespace {

using device::GicVersion;
using Lr = machine::ListRegister;

/// A device's interrupts that the interrupt path puts into a list register by itself.
class VgicShortWay : public testing::TestWithParam<GicVersion> {
protected:
    static constexpr Intid virtual_spi = spi(5);
    static constexpr Intid host_spi = spi(20);

    World w{{.version = GetParam(), .vcpus = 2, .links = {{virtual_spi, host_spi}}}};

    void SetUp() override
    {
        w.enable_groups();
        w.prepare(virtual_spi);
        w.set_edge(virtual_spi, true);
        arrive();
        handle();
        w.short_ways = 0;
    }
    void arrive()
    {
        w.machine.pulse_physical(host_spi);
        w.settle();
    }
    void handle()
    {
        ASSERT_EQ(w.acknowledge(), virtual_spi);
        w.end(virtual_spi);
    }
    /// It is pending in vCPU 0's list register, and memory does not know.
    void arrive_unseen()
    {
        arrive();
        ASSERT_EQ(w.short_ways, 1U);
    }
};
INSTANTIATE_TEST_SUITE_P(, VgicShortWay, testing::Values(GicVersion::v2, GicVersion::v3),
                         [](const auto& version) {
                             return version.param == GicVersion::v2 ? "v2" : "v3";
                         });

TEST_P(VgicShortWay, the_gic_decides_of_a_device_s_interrupt_once)
{
    for (unsigned n = 0; n < 5; ++n) {
        arrive();
        handle();
        EXPECT_FALSE(w.machine.physical(host_spi).active);
    }
    EXPECT_EQ(w.short_ways, 5U);
}

TEST_P(VgicShortWay, another_vcpu_may_clear_what_is_pending_unseen)
{
    arrive_unseen();
    w.run(1);
    w.set(World::icpendr, virtual_spi);
    w.run(0);
    EXPECT_EQ(w.acknowledge(), spurious);
    EXPECT_FALSE(w.machine.physical(host_spi).active);
    arrive();
    handle();
}

TEST_P(VgicShortWay, another_vcpu_may_disable_what_is_pending_unseen)
{
    arrive_unseen();
    w.run(1);
    w.disable(virtual_spi);
    w.run(0);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.enable(virtual_spi);
    handle();
}

TEST_P(VgicShortWay, another_vcpu_may_route_what_is_pending_unseen_to_itself)
{
    arrive_unseen();
    w.run(1);
    w.route(virtual_spi, 1);
    handle();
    w.run(0);
    EXPECT_EQ(w.acknowledge(), spurious);
}

TEST_P(VgicShortWay, groups_that_the_distributor_disables_take_back_what_is_pending_unseen)
{
    arrive_unseen();
    w.run(1);
    w.enable_groups(0);
    w.run(0);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.enable_groups();
    handle();
}

TEST_P(VgicShortWay, another_vcpu_reads_what_is_pending_and_active_unseen)
{
    arrive_unseen();
    w.run(1);
    EXPECT_TRUE(w.is(World::ispendr, virtual_spi));
    w.run(0);
    handle();
    arrive();
    ASSERT_EQ(w.short_ways, 1U) << "it was folded";
    handle();
    arrive();
    ASSERT_EQ(w.short_ways, 2U);
    ASSERT_EQ(w.acknowledge(), virtual_spi);
    w.run(1);
    EXPECT_TRUE(w.is(World::isactiver, virtual_spi));
}

TEST_P(VgicShortWay, what_arrived_unseen_is_deactivated_on_its_own)
{
    w.interface().eoi_mode = true;
    for (unsigned n = 0; n < 3; ++n) {
        arrive();
        ASSERT_EQ(w.acknowledge(), virtual_spi);
        w.end(virtual_spi);
        EXPECT_TRUE(w.machine.physical(host_spi).active);
        w.deactivate(virtual_spi);
        EXPECT_FALSE(w.machine.physical(host_spi).active);
        EXPECT_FALSE(w.is(World::isactiver, virtual_spi));
    }
}

TEST_P(VgicShortWay, it_is_closed_while_more_want_a_list_register_than_there_are)
{
    w.set_priority(virtual_spi, 0xf0);
    for (unsigned n = 10; n < 15; ++n) {
        w.prepare(spi(n), static_cast<std::uint8_t>(n << 3));
        w.set(World::ispendr, spi(n));
    }
    arrive();
    EXPECT_EQ(w.short_ways, 0U);
    const auto order = w.serve_all();
    EXPECT_EQ(order, (std::vector{spi(10), spi(11), spi(12), spi(13), spi(14), virtual_spi}));
}

TEST_P(VgicShortWay, a_vcpu_that_leaves_its_cpu_leaves_nothing_of_it_behind)
{
    arrive_unseen();
    w.save(0);
    EXPECT_EQ(w.units[0].open_list_registers, 0U);
    for (const auto ready : w.units[0].device_list_register)
        EXPECT_EQ(ready, Lr{});
    w.load(0);
    handle();
}

} // namespace
} // namespace bulkhead::test
