#include "unit/vgic_world.hpp"

#include <algorithm>

namespace bulkhead::test {
namespace {

using device::GicVersion;
using Intids = std::vector<Intid>;

/// Every rule here holds for both versions.
class VgicDelivery : public testing::TestWithParam<GicVersion> {
protected:
    World world_of(World::Options options = {})
    {
        options.version = GetParam();
        return World{options};
    }
};
INSTANTIATE_TEST_SUITE_P(, VgicDelivery, testing::Values(GicVersion::v2, GicVersion::v3),
                         [](const auto& version) {
                             return version.param == GicVersion::v2 ? "v2" : "v3";
                         });

TEST_P(VgicDelivery, an_edge_is_delivered_once)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(3));
    w.set_edge(spi(3), true);
    w.vgic.pulse(spi(3));
    EXPECT_EQ(w.serve_all(), Intids{spi(3)});
}

TEST_P(VgicDelivery, a_level_line_is_delivered_again_after_each_end_of_interrupt_while_high)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(40));
    w.vgic.set_line(spi(40), true);
    EXPECT_EQ(w.acknowledge(), spi(40));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.end(spi(40));
    EXPECT_EQ(w.acknowledge(), spi(40));
    w.vgic.set_line(spi(40), false);
    w.end(spi(40));
    EXPECT_EQ(w.acknowledge(), spurious);
}

TEST_P(VgicDelivery, a_level_line_that_drops_before_the_acknowledge_is_not_delivered)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(1));
    w.vgic.set_line(spi(1), true);
    w.settle();
    EXPECT_EQ(Intid{w.interface().highest_pending()}, spi(1));
    w.vgic.set_line(spi(1), false);
    EXPECT_EQ(w.acknowledge(), spurious);
}

TEST_P(VgicDelivery, an_edge_while_active_is_delivered_after_the_end_of_interrupt)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(3));
    w.set_edge(spi(3), true);
    w.vgic.pulse(spi(3));
    EXPECT_EQ(w.acknowledge(), spi(3));
    w.vgic.pulse(spi(3));
    w.vgic.pulse(spi(3));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.end(spi(3));
    EXPECT_EQ(w.serve_all(), Intids{spi(3)});
}

TEST_P(VgicDelivery, interrupts_come_by_priority)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(5), 0x68);
    w.prepare(spi(4), 0x60);
    w.prepare(spi(9), 0x20);
    w.prepare(ppi(3), 0xa0);
    for (const auto i : {spi(5), spi(9), spi(4), ppi(3)})
        w.set(World::ispendr, i);
    EXPECT_EQ(w.serve_all(), (Intids{spi(9), spi(4), spi(5), ppi(3)}));
}

TEST_P(VgicDelivery, a_more_urgent_interrupt_preempts_and_a_less_urgent_one_waits)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(1), 0x80);
    w.prepare(spi(2), 0x40);
    w.prepare(spi(3), 0xc0);
    w.set(World::ispendr, spi(1));
    EXPECT_EQ(w.acknowledge(), spi(1));
    w.set(World::ispendr, spi(3));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.set(World::ispendr, spi(2));
    EXPECT_EQ(w.acknowledge(), spi(2));
    EXPECT_EQ(w.interface().running_priority(), 0x40U);
    w.end(spi(2));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.end(spi(1));
    EXPECT_EQ(w.serve_all(), Intids{spi(3)});
}

TEST_P(VgicDelivery, more_than_fit_are_all_served_in_priority_order)
{
    for (const unsigned list_registers : {1U, 2U, 4U, 16U}) {
        auto w = world_of({.spis = 96, .list_registers = list_registers});
        w.enable_groups();
        Intids expected;
        for (unsigned n = 0; n < 24; ++n) {
            const auto i = spi((n * 37 + 11) % 96);
            w.prepare(i, static_cast<std::uint8_t>(n * 8));
            expected.push_back(i);
        }
        for (unsigned n = 24; n-- > 0;)
            w.set(World::ispendr, expected[n]);
        EXPECT_EQ(w.serve_all(), expected) << list_registers << " list registers";
    }
}

TEST_P(VgicDelivery, sixteen_at_once_take_five_visits_to_the_hypervisor_on_four_list_registers)
{
    auto w = world_of();
    w.enable_groups();
    for (unsigned n = 0; n < 16; ++n)
        w.prepare(spi(n), static_cast<std::uint8_t>(n * 8));
    w.flushes = 0;
    w.write(0x204, 0xffff);
    EXPECT_EQ(w.serve_all().size(), 16U);
    EXPECT_LE(w.flushes, 5U);
}

TEST_P(VgicDelivery, an_urgent_interrupt_takes_the_place_of_the_least_urgent_waiting_one)
{
    auto w = world_of();
    w.enable_groups();
    for (unsigned n = 0; n < 4; ++n) {
        w.prepare(spi(n), static_cast<std::uint8_t>(0x80 + n * 8));
        w.set(World::ispendr, spi(n));
    }
    w.prepare(spi(10), 0x10);
    w.set(World::ispendr, spi(10));
    EXPECT_EQ(w.serve_all(), (Intids{spi(10), spi(0), spi(1), spi(2), spi(3)}));
}

TEST_P(VgicDelivery, a_priority_written_while_waiting_counts)
{
    auto w = world_of();
    w.enable_groups();
    for (unsigned n = 0; n < 6; ++n) {
        w.prepare(spi(n), static_cast<std::uint8_t>(0x40 + n * 8));
        w.set(World::ispendr, spi(n));
    }
    w.set_priority(spi(5), 0x08);
    w.set_priority(spi(0), 0xf0);
    EXPECT_EQ(w.serve_all(), (Intids{spi(5), spi(1), spi(2), spi(3), spi(4), spi(0)}));
}

TEST_P(VgicDelivery, nothing_is_delivered_that_is_disabled_or_whose_group_is)
{
    auto w = world_of();
    w.prepare(spi(1));
    w.set(World::ispendr, spi(1));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.enable_groups();
    w.settle();
    EXPECT_EQ(Intid{w.interface().highest_pending()}, spi(1));
    w.disable(spi(1));
    EXPECT_EQ(w.acknowledge(), spurious);
    EXPECT_TRUE(w.is(World::ispendr, spi(1)));
    w.enable(spi(1));
    w.enable_groups(0);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.enable_groups();
    EXPECT_EQ(w.serve_all(), Intids{spi(1)});
}

TEST_P(VgicDelivery, what_the_guest_finished_while_its_group_was_disabled_comes_again_once_enabled)
{
    World w{{.version = GetParam(), .list_registers = 1}};
    w.enable_groups();
    for (const auto id : {spi(1), spi(40)}) {
        w.prepare(id);
        w.set_edge(id, true);
    }
    w.vgic.pulse(spi(1));
    ASSERT_EQ(w.acknowledge(), spi(1));
    w.enable_groups(0);
    w.vgic.pulse(spi(1));
    w.vgic.pulse(spi(40));
    w.settle();
    w.end(spi(1));
    w.enable_groups();
    EXPECT_EQ(w.serve_all(), (Intids{spi(1), spi(40)}));
}

TEST_P(VgicDelivery, each_group_is_signalled_as_itself)
{
    auto w = world_of();
    w.prepare(spi(1), 0x80);
    w.prepare(spi(2), 0x40);
    w.write(0x84, 0x2);
    w.write(0x204, 0x6);
    w.enable_groups(1);
    EXPECT_EQ(w.serve_all(), Intids{spi(2)});
    w.enable_groups(2);
    EXPECT_EQ(w.serve_all(), Intids{spi(1)});
}

TEST_P(VgicDelivery, a_group_that_the_cpu_interface_ignores_keeps_nobody_out)
{
    auto w = world_of();
    w.enable_groups();
    w.write(0x84, 0xffff'0000);
    for (unsigned n = 0; n < 6; ++n)
        w.prepare(spi(n), 0x10);
    for (unsigned n = 16; n < 22; ++n)
        w.prepare(spi(n), 0x80);
    w.interface().group_enabled = {false, true};
    w.write(0x204, 0x003f'003f);
    EXPECT_EQ(w.serve_all().size(), 6U);
    w.interface().group_enabled = {true, true};
    EXPECT_EQ(w.serve_all().size(), 6U);
}

TEST_P(VgicDelivery, more_active_ones_than_fit_are_ended_in_order)
{
    auto w = world_of();
    w.enable_groups();
    for (unsigned n = 0; n < 10; ++n)
        w.prepare(spi(n), static_cast<std::uint8_t>(0xf0 - 0x10 * n));
    w.interface().priority_mask = 0xff;
    for (unsigned n = 0; n < 10; ++n) {
        w.set(World::ispendr, spi(n));
        ASSERT_EQ(w.acknowledge(), spi(n));
    }
    EXPECT_EQ(w.read(0x304), 0x3ffU);
    for (unsigned n = 10; n-- > 0;) {
        w.end(spi(n));
        EXPECT_EQ(w.read(0x304), (1U << n) - 1);
    }
    EXPECT_EQ(w.acknowledge(), spurious);
    w.write(0x204, 0x3ff);
    EXPECT_EQ(w.serve_all().size(), 10U);
}

TEST_P(VgicDelivery, the_end_of_an_interrupt_that_was_not_active_ends_no_other)
{
    auto w = world_of();
    w.enable_groups();
    for (unsigned n = 0; n < 7; ++n)
        w.prepare(spi(n), static_cast<std::uint8_t>(0xe0 - 0x10 * n));
    w.set(World::ispendr, spi(0));
    ASSERT_EQ(w.acknowledge(), spi(0));
    w.end(spi(40));
    for (unsigned n = 1; n < 7; ++n) {
        w.set(World::ispendr, spi(n));
        ASSERT_EQ(w.acknowledge(), spi(n));
    }
    EXPECT_EQ(w.read(0x304), 0x7fU);
}

TEST_P(VgicDelivery, active_ones_that_the_guest_keeps_do_not_keep_others_out)
{
    auto w = world_of();
    w.enable_groups();
    w.interface().eoi_mode = true;
    for (unsigned n = 0; n < 12; ++n) {
        w.prepare(spi(n), static_cast<std::uint8_t>(0x10 + n * 8));
        w.set(World::ispendr, spi(n));
    }
    for (unsigned n = 0; n < 12; ++n) {
        ASSERT_EQ(w.acknowledge(), spi(n));
        w.end(spi(n));
    }
    EXPECT_EQ(w.read(0x304), 0xfffU);
    for (const unsigned n : {3U, 11U, 0U, 7U, 5U, 1U, 2U, 10U, 9U, 8U, 4U, 6U}) {
        w.deactivate(spi(n));
        EXPECT_FALSE(w.is(World::isactiver, spi(n)));
    }
    EXPECT_EQ(w.read(0x304), 0U);
    w.write(0x204, 0xfff);
    EXPECT_EQ(w.acknowledge(), spi(0));
}

TEST_P(VgicDelivery, with_eoi_mode_1_it_comes_again_only_after_its_deactivation)
{
    auto w = world_of();
    w.enable_groups();
    w.interface().eoi_mode = true;
    w.prepare(spi(1));
    w.vgic.set_line(spi(1), true);
    EXPECT_EQ(w.acknowledge(), spi(1));
    w.end(spi(1));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.deactivate(spi(1));
    EXPECT_EQ(w.acknowledge(), spi(1));
}

TEST_P(VgicDelivery, pending_and_active_states_can_be_read_at_every_stage)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(1));
    const auto states = [&] {
        return std::pair{w.is(World::ispendr, spi(1)), w.is(World::isactiver, spi(1))};
    };
    EXPECT_EQ(states(), std::pair(false, false));
    w.vgic.set_line(spi(1), true);
    EXPECT_EQ(states(), std::pair(true, false));
    ASSERT_EQ(w.acknowledge(), spi(1));
    EXPECT_EQ(states(), std::pair(true, true));
    w.vgic.set_line(spi(1), false);
    EXPECT_EQ(states(), std::pair(false, true));
    w.end(spi(1));
    EXPECT_EQ(states(), std::pair(false, false));
}

TEST_P(VgicDelivery, an_active_state_written_by_software_holds_the_interrupt_back)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(1));
    w.set(World::isactiver, spi(1));
    w.set(World::ispendr, spi(1));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.set(World::icactiver, spi(1));
    EXPECT_FALSE(w.is(World::isactiver, spi(1)));
    EXPECT_EQ(w.serve_all(), Intids{spi(1)});
}

TEST_P(VgicDelivery, an_active_state_written_by_software_is_for_the_target_to_end)
{
    auto w = world_of({.vcpus = 2});
    w.enable_groups();
    w.prepare(spi(1));
    w.route(spi(1), 1);
    w.set(World::isactiver, spi(1));
    w.run(1);
    w.interface().eoi_mode = true;
    w.deactivate(spi(1));
    EXPECT_FALSE(w.is(World::isactiver, spi(1)));
}

TEST_P(VgicDelivery, a_pending_state_written_by_software_stays_when_a_level_line_drops)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(1));
    w.vgic.set_line(spi(1), true);
    w.set(World::ispendr, spi(1));
    w.vgic.set_line(spi(1), false);
    EXPECT_TRUE(w.is(World::ispendr, spi(1)));
    EXPECT_EQ(w.serve_all(), Intids{spi(1)});
}

TEST_P(VgicDelivery, clearing_the_pending_state_does_not_clear_a_line_that_is_high)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(1));
    w.prepare(spi(2));
    w.vgic.set_line(spi(1), true);
    w.set(World::ispendr, spi(2));
    w.write(0x284, 0x6);
    EXPECT_TRUE(w.is(World::ispendr, spi(1)));
    EXPECT_FALSE(w.is(World::ispendr, spi(2)));
    EXPECT_EQ(w.acknowledge(), spi(1));
}

TEST_P(VgicDelivery, an_edge_triggered_line_counts_when_it_rises)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(1));
    w.set_edge(spi(1), true);
    w.vgic.set_line(spi(1), true);
    EXPECT_EQ(w.serve_all(), Intids{spi(1)});
    w.vgic.set_line(spi(1), false);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.vgic.set_line(spi(1), true);
    EXPECT_EQ(w.serve_all(), Intids{spi(1)});
    w.set_edge(spi(1), false);
    EXPECT_EQ(w.acknowledge(), spi(1));
}

TEST_P(VgicDelivery, a_device_on_a_private_line_reaches_its_vcpu_only)
{
    auto w = world_of({.vcpus = 2});
    w.run(1);
    w.enable_groups();
    w.prepare(ppi(15));
    w.run(0);
    w.prepare(ppi(15));
    w.vgic.set_line(ppi(15), true, VcpuId{1});
    EXPECT_EQ(w.acknowledge(), spurious);
    w.run(1);
    EXPECT_EQ(w.acknowledge(), ppi(15));
    w.vgic.set_line(ppi(15), false, VcpuId{1});
    w.end(ppi(15));
    EXPECT_EQ(w.acknowledge(), spurious);
}

TEST_P(VgicDelivery, an_spi_follows_its_route_while_pending)
{
    auto w = world_of({.vcpus = 3});
    w.enable_groups();
    w.prepare(spi(7));
    w.vgic.pulse(spi(7));
    w.settle();
    w.route(spi(7), 2);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.run(2);
    EXPECT_EQ(w.acknowledge(), spi(7));
    w.vgic.pulse(spi(7));
    w.route(spi(7), 1);
    w.run(1);
    EXPECT_EQ(w.acknowledge(), spurious) << "it is still active at vCPU 2";
    w.run(2);
    w.end(spi(7));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.run(1);
    EXPECT_EQ(w.acknowledge(), spi(7));
}

TEST_P(VgicDelivery, the_state_of_an_spi_is_known_to_vcpus_that_do_not_hold_it)
{
    auto w = world_of({.vcpus = 2});
    w.enable_groups();
    w.prepare(spi(7));
    w.vgic.set_line(spi(7), true);
    w.vgic.set_line(spi(8), false);
    ASSERT_EQ(w.acknowledge(), spi(7));
    w.run(1);
    EXPECT_TRUE(w.is(World::isactiver, spi(7)));
    w.vgic.set_line(spi(7), false);
    w.run(0);
    w.interface().end_of_interrupt(spi(7).value());
    w.run(1);
    EXPECT_FALSE(w.is(World::isactiver, spi(7)));
}

TEST_P(VgicDelivery, a_vcpu_changes_what_another_one_holds)
{
    auto w = world_of({.vcpus = 2});
    w.enable_groups();
    w.prepare(spi(7));
    const auto at_0 = [&] {
        w.run(0);
        const auto got = w.acknowledge();
        return got;
    };
    // Pending in a list register of vCPU 0.
    w.set(World::ispendr, spi(7));
    w.run(1);
    w.set(World::icpendr, spi(7));
    EXPECT_EQ(at_0(), spurious);
    w.set(World::ispendr, spi(7));
    w.run(1);
    w.set(World::icenabler, spi(7));
    EXPECT_EQ(at_0(), spurious);
    w.run(1);
    w.set(World::isenabler, spi(7));
    EXPECT_EQ(at_0(), spi(7));
    // Active there.
    w.run(1);
    w.set(World::ispendr, spi(7));
    EXPECT_EQ(at_0(), spurious);
    w.interface().end_of_interrupt(spi(7).value());
    EXPECT_EQ(w.serve_all(), Intids{spi(7)});
    w.set(World::isactiver, spi(7));
    w.run(1);
    w.set(World::icactiver, spi(7));
    w.set(World::ispendr, spi(7));
    EXPECT_EQ(at_0(), spi(7));
    w.end(spi(7));
    w.run(1);
    w.set(World::isactiver, spi(7));
    w.set(World::ispendr, spi(7));
    EXPECT_EQ(at_0(), spurious);
}

TEST_P(VgicDelivery, an_interrupt_finished_behind_the_gics_back_takes_its_list_register_again)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(1));
    for (unsigned n = 0; n < 5; ++n) {
        w.set(World::ispendr, spi(1));
        w.flushes = 0;
        EXPECT_EQ(w.serve_all(), Intids{spi(1)});
        EXPECT_EQ(w.flushes, 0U);
    }
}

TEST_P(VgicDelivery, a_wfi_ends_when_something_can_be_delivered)
{
    auto w = world_of();
    w.enable_groups();
    EXPECT_FALSE(w.vgic.has_deliverable(VcpuId{0}));
    w.prepare(spi(1));
    w.set(World::ispendr, spi(1));
    EXPECT_TRUE(w.vgic.has_deliverable(VcpuId{0}));
    ASSERT_EQ(w.acknowledge(), spi(1));
    EXPECT_FALSE(w.vgic.has_deliverable(VcpuId{0}));
    w.end(spi(1));
    w.vgic.set_line(spi(1), true);
    EXPECT_TRUE(w.vgic.has_deliverable(VcpuId{0}));
    ASSERT_EQ(w.acknowledge(), spi(1));
    w.interface().end_of_interrupt(spi(1).value());
    EXPECT_TRUE(w.vgic.has_deliverable(VcpuId{0})) << "before its maintenance interrupt is taken";
    w.interface().group_enabled = {false, false};
    EXPECT_FALSE(w.vgic.has_deliverable(VcpuId{0}));
}

TEST_P(VgicDelivery, a_vcpu_that_leaves_its_cpu_takes_everything_with_it)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(1), 0x80);
    w.prepare(spi(2), 0x40);
    w.prepare(spi(3), 0xa0);
    w.set(World::ispendr, spi(1));
    ASSERT_EQ(w.acknowledge(), spi(1));
    w.set(World::ispendr, spi(2));
    w.set(World::ispendr, spi(3));
    w.save(0);
    EXPECT_EQ(w.interface().empty(), 0xfU);
    EXPECT_FALSE(w.interface().needs_maintenance());
    w.vgic.pulse(spi(1));
    w.load(0);
    EXPECT_EQ(w.acknowledge(), spi(2));
    w.end(spi(2));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.end(spi(1));
    EXPECT_EQ(w.serve_all(), (Intids{spi(1), spi(3)}));
}

TEST_P(VgicDelivery, reset_forgets_everything_but_the_lines)
{
    auto w = world_of();
    w.enable_groups();
    w.prepare(spi(1));
    w.prepare(ppi(4));
    w.vgic.set_line(spi(1), true);
    w.set(World::ispendr, spi(2));
    w.set(World::ispendr, ppi(4));
    w.settle();
    w.save(0);
    w.vgic.reset();
    w.load(0);
    EXPECT_EQ(w.acknowledge(), spurious);
    EXPECT_EQ(w.read(0) & 3, 0U);
    EXPECT_FALSE(w.is(World::isenabler, spi(1)));
    EXPECT_FALSE(w.is(World::ispendr, spi(2)));
    EXPECT_TRUE(w.is(World::ispendr, spi(1)));
    EXPECT_FALSE(w.is(World::ispendr, ppi(4)));
    EXPECT_TRUE(w.is(World::isenabler, sgi(3)));
}

} // namespace
} // namespace bulkhead::test
