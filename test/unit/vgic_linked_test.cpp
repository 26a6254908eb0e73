#include "unit/vgic_world.hpp"

namespace bulkhead::test {
namespace {

using device::GicVersion;
using Intids = std::vector<Intid>;
using Lr = machine::ListRegister;

/// Interrupts that are a physical one's: timers, and those of passed-through devices.
class VgicLinked : public testing::TestWithParam<GicVersion> {
protected:
    World with_timers(unsigned vcpus = 1, unsigned list_registers = 4)
    {
        return World{{.version = GetParam(),
                      .vcpus = vcpus,
                      .list_registers = list_registers,
                      .timers = true}};
    }
    /// Virtual SPI 5 is physical SPI 20.
    World with_device(unsigned vcpus = 1)
    {
        return World{{.version = GetParam(), .vcpus = vcpus, .links = {{virtual_spi, host_spi}}}};
    }
    static constexpr Intid virtual_spi = spi(5);
    static constexpr Intid host_spi = spi(20);
};
INSTANTIATE_TEST_SUITE_P(, VgicLinked, testing::Values(GicVersion::v2, GicVersion::v3),
                         [](const auto& version) {
                             return version.param == GicVersion::v2 ? "v2" : "v3";
                         });

TEST_P(VgicLinked, a_timer_is_delivered_without_the_gic_and_its_end_needs_no_trap)
{
    auto w = with_timers();
    w.enable_groups();
    w.prepare(virtual_timer);
    w.flushes = 0;
    for (unsigned n = 0; n < 3; ++n) {
        w.machine.set_physical_line(virtual_timer, true);
        ASSERT_EQ(w.acknowledge(), virtual_timer);
        w.machine.set_physical_line(virtual_timer, false);
        w.end(virtual_timer);
        EXPECT_EQ(w.acknowledge(), spurious);
        EXPECT_FALSE(w.machine.physical(virtual_timer).active);
    }
    EXPECT_EQ(w.short_ways, 3U);
    EXPECT_EQ(w.flushes, 0U);
}

TEST_P(VgicLinked, a_timer_that_expires_between_two_looks_at_its_list_register_stays_there)
{
    auto w = with_timers();
    w.enable_groups();
    w.prepare(virtual_timer, 0x40);
    w.prepare(spi(1));
    w.machine.set_physical_line(virtual_timer, true);
    ASSERT_EQ(w.acknowledge(), virtual_timer);
    w.vgic.set_line(spi(1), true);
    w.settle();
    w.vgic.set_line(spi(1), false);
    w.machine.set_physical_line(virtual_timer, false);
    w.settle();
    w.interface().end_of_interrupt(virtual_timer.value());
    EXPECT_FALSE(w.is(World::ispendr, virtual_timer));
    w.machine.set_physical_line(virtual_timer, true);
    w.settle();
    w.vgic.set_line(spi(1), true);
    EXPECT_EQ(w.acknowledge(), virtual_timer);
    EXPECT_EQ(w.short_ways, 2U);
}

TEST_P(VgicLinked, a_timer_that_the_guest_leaves_expired_comes_again)
{
    auto w = with_timers();
    w.enable_groups();
    w.prepare(physical_timer);
    w.machine.set_physical_line(physical_timer, true);
    ASSERT_EQ(w.acknowledge(), physical_timer);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.end(physical_timer);
    EXPECT_EQ(w.acknowledge(), physical_timer);
}

TEST_P(VgicLinked, the_physical_interrupt_is_enabled_as_the_guests_is)
{
    auto w = with_timers();
    auto& physical = w.machine.physical(virtual_timer);
    w.enable(virtual_timer);
    EXPECT_FALSE(physical.enabled) << "its group is not";
    w.enable_groups();
    EXPECT_TRUE(physical.enabled);
    w.disable(virtual_timer);
    EXPECT_FALSE(physical.enabled);
    w.enable(virtual_timer);
    EXPECT_TRUE(physical.enabled);
    w.enable_groups(0);
    EXPECT_FALSE(physical.enabled);
    EXPECT_EQ(w.unit().timer_list_register[0], 0U);
}

TEST_P(VgicLinked, the_short_way_is_open_only_while_it_needs_no_decision)
{
    auto w = with_timers();
    const auto open = [&] { return w.unit().timer_list_register[0] != 0; };
    EXPECT_FALSE(open());
    w.enable_groups();
    EXPECT_FALSE(open());
    w.prepare(virtual_timer, 0x40);
    ASSERT_TRUE(open());
    const auto lr = Lr::from(w.unit().timer_list_register[0]);
    EXPECT_EQ(lr.get(Lr::vintid), virtual_timer);
    EXPECT_EQ(lr.get(Lr::pintid), virtual_timer);
    EXPECT_EQ(lr.get(Lr::priority), 0x40);
    EXPECT_TRUE(lr.get(Lr::hardware));
    EXPECT_EQ(lr.get(Lr::state), Lr::State::pending);
    EXPECT_EQ(lr.get(Lr::group1), GetParam() == GicVersion::v3);

    w.set_priority(virtual_timer, 0x20);
    EXPECT_EQ(Lr::from(w.unit().timer_list_register[0]).get(Lr::priority), 0x20);
    w.disable(virtual_timer);
    EXPECT_FALSE(open());
    w.enable(virtual_timer);
    EXPECT_TRUE(open());
    w.set(World::isactiver, virtual_timer);
    w.set(World::icactiver, virtual_timer);
    EXPECT_TRUE(open());
    w.save(0);
    EXPECT_FALSE(open());
    w.load(0);
    EXPECT_TRUE(open());
}

TEST_P(VgicLinked, the_short_way_closes_while_others_fill_its_list_register)
{
    auto w = with_timers();
    w.enable_groups();
    w.prepare(virtual_timer, 0x40);
    for (unsigned n = 0; n < 6; ++n)
        w.prepare(spi(n), static_cast<std::uint8_t>(0x80 + n * 8));
    w.write(0x204, 0x3);
    EXPECT_NE(w.unit().timer_list_register[0], 0U) << "there is room elsewhere";
    w.write(0x204, 0x3f);
    EXPECT_EQ(w.unit().timer_list_register[0], 0U);
    w.machine.set_physical_line(virtual_timer, true);
    EXPECT_EQ(w.acknowledge(), virtual_timer);
    w.machine.set_physical_line(virtual_timer, false);
    w.end(virtual_timer);
    EXPECT_EQ(w.serve_all().size(), 6U);
    w.machine.set_physical_line(virtual_timer, true);
    EXPECT_EQ(w.acknowledge(), virtual_timer);
    EXPECT_NE(w.unit().timer_list_register[0], 0U) << "its place is its own again";
}

TEST_P(VgicLinked, a_timer_that_became_pending_behind_the_gics_back_can_be_changed)
{
    auto w = with_timers();
    w.enable_groups();
    w.prepare(virtual_timer);
    const auto expire = [&] {
        w.machine.set_physical_line(virtual_timer, true);
        w.settle();
        ASSERT_EQ(Intid{w.interface().highest_pending()}, virtual_timer);
        w.machine.set_physical_line(virtual_timer, false);
    };
    expire();
    EXPECT_TRUE(w.is(World::ispendr, virtual_timer));
    w.set(World::icpendr, virtual_timer);
    EXPECT_EQ(w.acknowledge(), spurious);
    EXPECT_FALSE(w.machine.physical(virtual_timer).active);
    expire();
    w.disable(virtual_timer);
    EXPECT_EQ(w.acknowledge(), spurious);
    EXPECT_FALSE(w.is(World::ispendr, virtual_timer)) << "the line dropped while it was disabled";
    w.enable(virtual_timer);
    EXPECT_EQ(w.acknowledge(), spurious);
    expire();
    w.set_priority(virtual_timer, 0x10);
    w.settle();
    EXPECT_EQ(w.interface().read(0).get(Lr::priority), 0x10);
    ASSERT_EQ(w.acknowledge(), virtual_timer);
    EXPECT_TRUE(w.is(World::isactiver, virtual_timer));
    w.set(World::icactiver, virtual_timer);
    EXPECT_FALSE(w.is(World::isactiver, virtual_timer));
    EXPECT_FALSE(w.machine.physical(virtual_timer).active);
}

TEST_P(VgicLinked, a_timer_that_became_pending_behind_the_gics_back_leaves_its_group)
{
    auto w = with_timers();
    w.enable_groups(2);
    w.prepare(virtual_timer);
    const auto write_group = [&](std::uint64_t value) {
        if (GetParam() == GicVersion::v3)
            w.write_redistributor(0, 0x10000 + World::igroupr, value);
        else
            w.write(World::igroupr, value);
    };
    write_group(~0U);
    w.machine.set_physical_line(virtual_timer, true);
    w.settle();
    ASSERT_EQ(w.short_ways, 1U);
    write_group(0);
    EXPECT_EQ(w.acknowledge(), spurious); // group 0 is disabled
}

TEST(VgicLinked3, another_vcpu_sees_that_a_timer_which_the_gic_knows_nothing_of_is_active)
{
    World w{{.version = GicVersion::v3, .vcpus = 2, .timers = true}};
    w.enable_groups();
    w.prepare(virtual_timer);
    w.machine.set_physical_line(virtual_timer, true);
    ASSERT_EQ(w.acknowledge(), virtual_timer);
    ASSERT_EQ(w.short_ways, 1U);
    w.run(1);
    EXPECT_TRUE(w.is(World::isactiver, virtual_timer, 0));
}

/// The virtual timer of the running vCPU, with all that it takes to come to the guest.
void let_timer_signal(World& w)
{
    w.enable_groups();
    w.prepare(virtual_timer);
    w.machine.set_physical_line(virtual_timer, true);
    w.settle();
}

TEST(VgicLinked3, another_vcpu_may_write_the_state_of_a_timer_which_the_gic_knows_nothing_of)
{
    for (const auto word : {World::ispendr, World::isactiver}) {
        World w{{.version = GicVersion::v3, .vcpus = 2, .timers = true}};
        let_timer_signal(w);
        ASSERT_EQ(w.short_ways, 1U);
        w.run(1);
        w.write_redistributor(0, 0x10000 + word, 1U << virtual_timer.value());
        w.run(0);
        w.settle();
        unsigned held = 0;
        for (unsigned n = 0; n < 4; ++n) {
            const auto lr = w.interface().read(n);
            held += lr.get(machine::ListRegister::vintid) == virtual_timer &&
                    lr.get(machine::ListRegister::state) != machine::ListRegister::State::invalid;
        }
        EXPECT_EQ(held, 1U) << std::hex << word;
    }
}

TEST(VgicLinked3, another_vcpu_may_take_a_timer_back_which_the_gic_knows_nothing_of)
{
    for (const bool acknowledged : {false, true}) {
        World w{{.version = GicVersion::v3, .vcpus = 2, .timers = true}};
        let_timer_signal(w);
        ASSERT_EQ(w.short_ways, 1U);
        w.machine.set_physical_line(virtual_timer, false);
        if (acknowledged) {
            ASSERT_EQ(w.interface().acknowledge(), virtual_timer.value());
        }
        w.run(1);
        const auto word = acknowledged ? World::icactiver : World::icpendr;
        w.write_redistributor(0, 0x10000 + word, 1U << virtual_timer.value());
        w.run(0);
        w.settle();
        EXPECT_EQ(w.interface().empty() & 1, 1U) << acknowledged;
        EXPECT_FALSE(w.machine.physical(virtual_timer).active) << acknowledged;
        if (acknowledged) w.end(virtual_timer);
        w.machine.set_physical_line(virtual_timer, true);
        EXPECT_EQ(w.acknowledge(), virtual_timer) << acknowledged;
        EXPECT_EQ(w.short_ways, 2U) << acknowledged;
    }
}

TEST_P(VgicLinked, a_timer_keeps_no_more_urgent_one_of_too_many_out)
{
    auto w = with_timers();
    w.enable_groups();
    w.interface().eoi_mode = true;
    w.prepare(virtual_timer, 0xc0);
    w.machine.set_physical_line(virtual_timer, true);
    ASSERT_EQ(w.acknowledge(), virtual_timer);
    w.machine.set_physical_line(virtual_timer, false);
    w.end(virtual_timer);
    // Two more active ones, and of two pending ones the second has no list register.
    for (const unsigned n : {1U, 2U, 3U, 4U}) {
        w.prepare(spi(n), static_cast<std::uint8_t>(n << 4));
        w.set(World::ispendr, spi(n));
        if (n > 2) continue;
        ASSERT_EQ(w.acknowledge(), spi(n));
        w.end(spi(n));
    }
    w.deactivate(virtual_timer);
    w.machine.set_physical_line(virtual_timer, true);
    for (const auto id : {spi(3), spi(4), virtual_timer}) {
        EXPECT_EQ(w.acknowledge(), id);
        w.end(id);
    }
}

TEST_P(VgicLinked, while_disabled_its_pending_state_is_the_line)
{
    auto w = with_timers();
    w.enable_groups();
    EXPECT_FALSE(w.is(World::ispendr, virtual_timer));
    w.machine.set_physical_line(virtual_timer, true);
    EXPECT_TRUE(w.is(World::ispendr, virtual_timer));
    w.machine.set_physical_line(virtual_timer, false);
    EXPECT_FALSE(w.is(World::ispendr, virtual_timer));
}

TEST_P(VgicLinked, set_pending_by_software_it_holds_the_physical_one_until_it_is_ended)
{
    auto w = with_timers();
    w.enable_groups();
    w.prepare(virtual_timer);
    w.set(World::ispendr, virtual_timer);
    EXPECT_TRUE(w.machine.physical(virtual_timer).active);
    w.machine.set_physical_line(virtual_timer, true);
    ASSERT_EQ(w.acknowledge(), virtual_timer);
    w.set(World::ispendr, virtual_timer);
    EXPECT_TRUE(w.is(World::isactiver, virtual_timer));
    w.machine.set_physical_line(virtual_timer, false);
    w.end(virtual_timer);
    EXPECT_EQ(w.serve_all(), Intids{virtual_timer});
    EXPECT_FALSE(w.machine.physical(virtual_timer).active);
    w.machine.set_physical_line(virtual_timer, true);
    EXPECT_EQ(w.acknowledge(), virtual_timer);
}

TEST_P(VgicLinked, set_pending_by_software_a_timer_takes_the_long_way_once)
{
    auto w = with_timers();
    w.enable_groups();
    w.prepare(virtual_timer);
    w.set(World::ispendr, virtual_timer);
    EXPECT_EQ(w.unit().timer_list_register[0], 0U);
    w.machine.set_physical_line(virtual_timer, true);
    ASSERT_EQ(w.acknowledge(), virtual_timer);
    w.end(virtual_timer);
    EXPECT_EQ(w.short_ways, 0U);
    w.disable(virtual_timer);
    w.machine.set_physical_line(virtual_timer, false);
    EXPECT_FALSE(w.is(World::ispendr, virtual_timer));
    w.enable(virtual_timer);
    EXPECT_NE(w.unit().timer_list_register[0], 0U);
}

TEST_P(VgicLinked, set_active_by_software_it_holds_the_physical_one_back)
{
    auto w = with_timers();
    w.enable_groups();
    w.prepare(virtual_timer);
    w.set(World::isactiver, virtual_timer);
    w.machine.set_physical_line(virtual_timer, true);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.set(World::icactiver, virtual_timer);
    EXPECT_EQ(w.acknowledge(), virtual_timer);
}

TEST_P(VgicLinked, another_vcpu_changes_the_timer_interrupt_of_one_that_runs)
{
    if (GetParam() == GicVersion::v2) GTEST_SKIP() << "a GICv2's are banked";
    auto w = with_timers(2);
    w.enable_groups();
    w.set(World::isenabler, virtual_timer, 1);
    EXPECT_TRUE(w.machine.physical(virtual_timer, CpuId{1}).enabled);
    EXPECT_FALSE(w.machine.physical(virtual_timer, CpuId{0}).enabled);
    w.set(World::ispendr, virtual_timer, 1);
    EXPECT_TRUE(w.machine.physical(virtual_timer, CpuId{1}).active);
    w.set(World::icpendr, virtual_timer, 1);
    EXPECT_FALSE(w.machine.physical(virtual_timer, CpuId{1}).active);
    w.set(World::ispendr, virtual_timer, 1);
    w.set(World::icenabler, virtual_timer, 1);
    EXPECT_FALSE(w.machine.physical(virtual_timer, CpuId{1}).enabled);
    EXPECT_FALSE(w.machine.physical(virtual_timer, CpuId{1}).active);
    w.run(1);
    EXPECT_EQ(w.acknowledge(), spurious);
}

TEST_P(VgicLinked, on_a_vcpu_switch_the_private_interrupts_are_the_next_ones)
{
    auto w = with_timers();
    w.enable_groups();
    w.prepare(virtual_timer);
    w.machine.set_physical_line(virtual_timer, true);
    ASSERT_EQ(w.acknowledge(), virtual_timer);
    w.save(0);
    EXPECT_FALSE(w.machine.physical(virtual_timer).active);
    EXPECT_FALSE(w.machine.physical(virtual_timer).enabled);
    w.load(0);
    EXPECT_TRUE(w.machine.physical(virtual_timer).active);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.end(virtual_timer);
    EXPECT_EQ(w.acknowledge(), virtual_timer);
}

TEST_P(VgicLinked, both_timers_and_four_more_than_fit_lose_nothing)
{
    for (const unsigned list_registers : {1U, 2U, 4U}) {
        auto w = with_timers(1, list_registers);
        w.enable_groups();
        w.prepare(virtual_timer, 0x98);
        w.prepare(physical_timer, 0x30);
        for (unsigned n = 0; n < 4; ++n)
            w.prepare(spi(n), static_cast<std::uint8_t>(0x40 + n * 0x20));
        w.machine.set_physical_line(virtual_timer, true);
        w.settle();
        w.machine.set_physical_line(physical_timer, true);
        w.write(0x204, 0xf);
        Intids order;
        for (auto i = w.acknowledge(); i != spurious && order.size() < 8; i = w.acknowledge()) {
            order.push_back(i);
            if (i.value() < 32) w.machine.set_physical_line(i, false);
            w.end(i);
        }
        EXPECT_EQ(order, (Intids{physical_timer, spi(0), spi(1), spi(2), virtual_timer, spi(3)}));
        EXPECT_FALSE(w.machine.physical(virtual_timer).active);
        EXPECT_FALSE(w.machine.physical(physical_timer).active);
    }
}

TEST_P(VgicLinked, a_passed_through_spi_arrives_where_it_is_routed)
{
    auto w = with_device(2);
    w.enable_groups();
    w.prepare(virtual_spi);
    w.route(virtual_spi, 1);
    EXPECT_EQ(w.machine.physical(host_spi).route, CpuId{1});
    EXPECT_TRUE(w.machine.physical(host_spi).enabled);
    w.machine.set_physical_line(host_spi, true);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.run(1);
    ASSERT_EQ(w.acknowledge(), virtual_spi);
    EXPECT_TRUE(w.interface().read(3).get(Lr::hardware));
    w.machine.set_physical_line(host_spi, false);
    w.end(virtual_spi);
    EXPECT_FALSE(w.machine.physical(host_spi).active);
}

TEST_P(VgicLinked, a_passed_through_spi_is_the_first_vcpus_until_the_guest_routes_it)
{
    auto w = with_device(2);
    EXPECT_EQ(w.machine.physical(host_spi).route, CpuId{0});
    // It follows the vCPU to another CPU.
    w.save(1);
    w.save(0);
    w.units[0].placed_on = CpuId{1};
    w.run(1);
    w.vgic.load(VcpuId{0});
    EXPECT_EQ(w.machine.physical(host_spi).route, CpuId{1});
}

TEST_P(VgicLinked, a_passed_through_spi_that_moves_while_pending_arrives_at_its_new_vcpu)
{
    auto w = with_device(2);
    w.enable_groups();
    w.prepare(virtual_spi);
    w.machine.set_physical_line(host_spi, true);
    w.settle();
    w.route(virtual_spi, 1);
    w.run(1);
    ASSERT_EQ(w.acknowledge(), virtual_spi);
    w.run(0);
    w.route(virtual_spi, 0);
    EXPECT_TRUE(w.is(World::isactiver, virtual_spi));
    w.run(1);
    w.end(virtual_spi);
    w.run(0);
    EXPECT_EQ(w.acknowledge(), virtual_spi);
}

TEST_P(VgicLinked, the_trigger_that_the_guest_sets_is_the_physical_one)
{
    auto w = with_device();
    w.set_edge(virtual_spi, true);
    EXPECT_TRUE(w.machine.physical(host_spi).edge);
    w.machine.pulse_physical(host_spi);
    EXPECT_TRUE(w.is(World::ispendr, virtual_spi));
    w.set(World::icpendr, virtual_spi);
    EXPECT_FALSE(w.is(World::ispendr, virtual_spi));
    w.enable_groups();
    w.prepare(virtual_spi);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.machine.pulse_physical(host_spi);
    ASSERT_EQ(w.acknowledge(), virtual_spi);
    w.machine.pulse_physical(host_spi);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.end(virtual_spi);
    EXPECT_EQ(w.serve_all(), Intids{virtual_spi});
}

TEST_P(VgicLinked, an_edge_that_arrived_before_it_was_disabled_is_delivered_after)
{
    auto w = with_device();
    w.set_edge(virtual_spi, true);
    w.enable_groups();
    w.prepare(virtual_spi);
    w.machine.pulse_physical(host_spi);
    w.settle();
    w.disable(virtual_spi);
    EXPECT_TRUE(w.is(World::ispendr, virtual_spi));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.enable(virtual_spi);
    EXPECT_EQ(w.serve_all(), Intids{virtual_spi});
    EXPECT_FALSE(w.machine.physical(host_spi).active);
}

TEST_P(VgicLinked, reset_gives_the_physical_interrupts_back)
{
    auto w = with_device(2);
    w.enable_groups();
    w.prepare(virtual_spi);
    w.machine.set_physical_line(host_spi, true);
    ASSERT_EQ(w.acknowledge(), virtual_spi);
    w.set_edge(virtual_spi, true);
    w.route(virtual_spi, 1);
    w.machine.pulse_physical(host_spi);
    w.save(0);
    w.save(1);
    w.run(0);
    w.vgic.reset();
    w.interface().set_active_priorities({});
    EXPECT_FALSE(w.machine.physical(host_spi).edge);
    EXPECT_FALSE(w.machine.physical(host_spi).edge_seen);
    EXPECT_EQ(w.machine.physical(host_spi).route, CpuId{0});
    EXPECT_FALSE(w.machine.physical(host_spi).active);
    EXPECT_FALSE(w.machine.physical(host_spi).enabled);
    w.load(0);
    w.enable_groups();
    w.prepare(virtual_spi);
    EXPECT_EQ(w.acknowledge(), virtual_spi);
}

} // namespace
} // namespace bulkhead::test
