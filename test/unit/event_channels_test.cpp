#include "event/event_channels.hpp"

#include "device/guest_layout.hpp"
#include "event/xen_abi.hpp"
#include "machine/memory.hpp"
#include "machine/test_machine.hpp"

#include <deque>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace bulkhead::event {
namespace {

using State = ChannelEnd::State;

/// A page of a guest's, as the guest sees it.
struct alignas(page_size) GuestPage {
    SharedInfo info{};
    std::array<std::byte, page_size - sizeof(SharedInfo)> rest{};

    [[nodiscard]] PhysicalAddress address() const { return machine::physical_address_of(this); }
    [[nodiscard]] bool is_pending(unsigned port) const
    {
        return (info.evtchn_pending[port / 64] >> port % 64 & 1) != 0;
    }
};

/// A domain, as far as events know it.
struct Party {
    explicit Party(std::uint16_t id, unsigned vcpus = 2, unsigned first_cpu = 0)
        : vgic_memory(Gic::memory_needed({.vcpus = vcpus}) / sizeof(Line)),
          gic({.vcpus = vcpus}, std::as_writable_bytes(std::span{vgic_memory})),
          channels(DomainId{id}, gic, vcpus, storage.get())
    {
        for (std::uint32_t n = 0; n < vcpus; ++n) {
            units.emplace_back().loaded_on = CpuId{first_cpu + n};
            gic.attach(VcpuId{n}, units.back());
        }
    }

    /// Was its interrupt made pending since the last question?
    bool was_told(unsigned vcpu = 0)
    {
        constexpr std::uint64_t set_pending = 0x1'0200;
        constexpr std::uint64_t clear_pending = 0x1'0280;
        const VcpuId id{vcpu};
        const auto pending = gic.read_redistributor(id, id, set_pending, 4).value;
        gic.write_redistributor(id, id, clear_pending, 4, pending);
        return (pending >> device::guest_layout::event_interrupt.value() & 1) != 0;
    }
    /// The guest registers its shared_info, with all ports open.
    void share() { ASSERT_TRUE(channels.share_info(page->address())); }

    [[nodiscard]] State state(Port port) const
    {
        return channels.status(port)->get(ChannelEnd::state);
    }

    using Gic = device::Vgic;
    struct alignas(cache_line) Line {
        std::array<std::byte, cache_line> bytes;
    };
    std::vector<Line> vgic_memory;
    std::deque<sched::Unit> units;
    std::unique_ptr<EventChannels::Storage> storage = std::make_unique<EventChannels::Storage>();
    std::unique_ptr<GuestPage> page = std::make_unique<GuestPage>();
    Gic gic;
    EventChannels channels;
};

/// Two domains with a channel of the device tree's: port 5 of the one, port 70 of the other.
class EventChannelsTest : public testing::Test {
protected:
    EventChannelsTest()
    {
        EXPECT_TRUE(one.channels.bind_fixed(Port{5}, DomainId{2}, Port{70}));
        EXPECT_TRUE(two.channels.bind_fixed(Port{70}, DomainId{1}, Port{5}));
    }

    test::TestMachine& machine = test::new_machine(4);
    Party one{1};
    Party two{2, 2, 2};
};

TEST_F(EventChannelsTest, a_send_sets_the_peers_bits_and_interrupts_its_first_vcpu)
{
    two.share();
    EXPECT_FALSE(two.was_told());
    EXPECT_TRUE(one.channels.send(Port{5}));
    EXPECT_TRUE(two.page->is_pending(70));
    EXPECT_EQ(two.page->info.vcpu_info[0].evtchn_pending_sel, 0b10U);
    EXPECT_EQ(two.page->info.vcpu_info[0].evtchn_upcall_pending, 1U);
    EXPECT_TRUE(two.was_told());
    EXPECT_FALSE(two.was_told(1));
    EXPECT_FALSE(one.was_told());
}

TEST_F(EventChannelsTest, an_event_that_is_pending_already_interrupts_nobody)
{
    two.share();
    EXPECT_TRUE(one.channels.send(Port{5}));
    EXPECT_TRUE(two.was_told());
    EXPECT_TRUE(one.channels.send(Port{5}));
    EXPECT_FALSE(two.was_told());
}

TEST_F(EventChannelsTest, a_masked_event_waits_for_its_unmasking)
{
    two.share();
    two.page->info.evtchn_mask[1] = ~std::uint64_t{0};
    EXPECT_TRUE(one.channels.send(Port{5}));
    EXPECT_TRUE(two.page->is_pending(70));
    EXPECT_EQ(two.page->info.vcpu_info[0].evtchn_upcall_pending, 0U);
    EXPECT_FALSE(two.was_told());
    EXPECT_TRUE(two.channels.unmask(Port{71}));
    EXPECT_FALSE(two.was_told());
    EXPECT_TRUE(two.channels.unmask(Port{70}));
    EXPECT_EQ(two.page->info.evtchn_mask[1], ~std::uint64_t{0b1100'0000});
    EXPECT_TRUE(two.was_told());
    EXPECT_TRUE(two.channels.unmask(Port{70}));
    EXPECT_FALSE(two.was_told()) << "it was not masked any more";
}

TEST_F(EventChannelsTest, an_event_from_before_the_guest_shares_its_page_is_in_that_page)
{
    EXPECT_TRUE(one.channels.send(Port{5}));
    two.page->info.evtchn_mask[0] = 7;
    two.share();
    EXPECT_TRUE(two.page->is_pending(70));
    EXPECT_EQ(two.page->info.vcpu_info[0].evtchn_upcall_pending, 1U);
    EXPECT_EQ(two.page->info.evtchn_mask[0], 0U) << "what was in the page before is gone";
}

TEST_F(EventChannelsTest, a_domain_shares_one_page)
{
    two.share();
    const GuestPage other;
    EXPECT_EQ(two.channels.share_info(other.address()), failure(Error::busy));
}

TEST_F(EventChannelsTest, a_vcpu_info_of_its_own_goes_on_where_the_old_one_was)
{
    two.share();
    EXPECT_TRUE(one.channels.send(Port{5}));
    GuestPage own;
    EXPECT_TRUE(two.channels.share_vcpu_info(VcpuId{0}, own.address() + 0x100));
    const auto* info = reinterpret_cast<VcpuInfo*>(reinterpret_cast<std::byte*>(&own) + 0x100);
    EXPECT_EQ(info->evtchn_pending_sel, 0b10U);
    EXPECT_EQ(info->evtchn_upcall_pending, 1U);
    EXPECT_EQ(two.channels.share_vcpu_info(VcpuId{0}, own.address()), failure(Error::invalid));
    EXPECT_EQ(two.channels.share_vcpu_info(VcpuId{2}, own.address()), failure(Error::no_entry));
}

TEST_F(EventChannelsTest, a_vcpu_info_may_come_before_shared_info)
{
    GuestPage own;
    EXPECT_TRUE(two.channels.share_vcpu_info(VcpuId{0}, own.address()));
    two.share();
    EXPECT_TRUE(one.channels.send(Port{5}));
    EXPECT_TRUE(two.page->is_pending(70));
    EXPECT_EQ(own.info.vcpu_info[0].evtchn_upcall_pending, 1U);
    EXPECT_EQ(two.page->info.vcpu_info[0].evtchn_upcall_pending, 0U);
}

TEST_F(EventChannelsTest, an_event_goes_to_the_vcpu_that_it_was_bound_to)
{
    two.share();
    EXPECT_TRUE(two.channels.bind_vcpu(Port{70}, VcpuId{1}));
    EXPECT_TRUE(one.channels.send(Port{5}));
    EXPECT_TRUE(two.was_told(1));
    EXPECT_FALSE(two.was_told(0));
    GuestPage own;
    EXPECT_TRUE(two.channels.share_vcpu_info(VcpuId{1}, own.address()));
    EXPECT_EQ(own.info.vcpu_info[0].evtchn_upcall_pending, 1U);
    EXPECT_EQ(two.channels.bind_vcpu(Port{70}, VcpuId{2}), failure(Error::no_entry));
    EXPECT_EQ(two.channels.bind_vcpu(Port{71}, VcpuId{1}), failure(Error::invalid));
}

TEST_F(EventChannelsTest, a_vcpu_that_starts_finds_its_interrupt_pending)
{
    two.share();
    EXPECT_TRUE(one.channels.send(Port{5}));
    EXPECT_TRUE(two.was_told());
    two.channels.refresh(VcpuId{0});
    EXPECT_TRUE(two.was_told());
    two.page->info.vcpu_info[0].evtchn_upcall_pending = 0;
    two.channels.refresh(VcpuId{0});
    EXPECT_FALSE(two.was_told());
}

TEST_F(EventChannelsTest, ports_that_there_are_not_are_refused)
{
    for (const Port port : {Port{0}, Port{6}, Port{1023}, Port{1024}, Port{~0U}}) {
        EXPECT_EQ(one.channels.send(port), failure(Error::invalid));
        EXPECT_EQ(one.channels.close(port), failure(Error::invalid));
        EXPECT_EQ(one.channels.bind_vcpu(port, VcpuId{0}), failure(Error::invalid));
    }
    for (const Port port : {Port{1024}, Port{~0U}}) {
        EXPECT_EQ(one.channels.unmask(port), failure(Error::invalid));
        EXPECT_EQ(one.channels.status(port), failure(Error::invalid));
        EXPECT_EQ(one.channels.bind_fixed(port, DomainId{2}, Port{1}),
                  failure(Error::out_of_range));
    }
    EXPECT_EQ(one.channels.bind_fixed(Port{0}, DomainId{2}, Port{1}), failure(Error::out_of_range));
    EXPECT_EQ(one.channels.bind_fixed(Port{5}, DomainId{2}, Port{1}), failure(Error::exists));
}

TEST_F(EventChannelsTest, the_device_trees_channels_cannot_be_closed)
{
    EXPECT_EQ(one.channels.close(Port{5}), failure(Error::invalid));
    one.channels.close_all();
    EXPECT_EQ(one.state(Port{5}), State::interdomain);
}

TEST_F(EventChannelsTest, a_send_to_a_domain_that_ended_fails_until_that_starts_anew)
{
    two.share();
    EXPECT_TRUE(two.channels.bind_vcpu(Port{70}, VcpuId{1}));
    two.channels.stop();
    *two.page = {};
    EXPECT_EQ(one.channels.send(Port{5}), failure(Error::not_connected));
    EXPECT_EQ(one.state(Port{5}), State::unbound);
    EXPECT_FALSE(two.page->is_pending(70)) << "its memory is no longer used";

    two.channels.restart();
    EXPECT_EQ(one.state(Port{5}), State::interdomain);
    EXPECT_TRUE(one.channels.send(Port{5}));
    EXPECT_FALSE(two.page->is_pending(70));
    two.share();
    EXPECT_TRUE(two.page->is_pending(70));
    EXPECT_TRUE(two.was_told(0)) << "as the device tree says, not as the guest before said";
}

TEST_F(EventChannelsTest, a_guest_that_ended_shares_nothing_more)
{
    two.channels.stop();
    EXPECT_EQ(two.channels.share_info(two.page->address()), failure(Error::busy));
    EXPECT_EQ(two.channels.share_vcpu_info(VcpuId{0}, two.page->address()),
              failure(Error::invalid));
}

TEST_F(EventChannelsTest, a_peer_that_was_never_built_is_an_error)
{
    EXPECT_TRUE(one.channels.bind_fixed(Port{6}, DomainId{3}, Port{1}));
    EXPECT_TRUE(one.channels.bind_fixed(Port{7}, DomainId{0x7ff0}, Port{1}));
    EXPECT_TRUE(one.channels.bind_fixed(Port{8}, DomainId{2}, Port{70}));
    EXPECT_EQ(one.channels.send(Port{6}), failure(Error::not_connected));
    EXPECT_EQ(one.channels.send(Port{7}), failure(Error::not_connected));
    EXPECT_EQ(one.channels.send(Port{8}), failure(Error::not_connected))
        << "port 70 names another port";
}

TEST_F(EventChannelsTest, an_ipi_rings_a_vcpu_of_the_domain_itself)
{
    one.share();
    const auto port = one.channels.bind_ipi(VcpuId{1});
    EXPECT_EQ(port, Port{1});
    EXPECT_EQ(one.state(*port), State::ipi);
    EXPECT_TRUE(one.channels.send(*port));
    EXPECT_TRUE(one.page->is_pending(1));
    EXPECT_TRUE(one.was_told(1));
    EXPECT_EQ(one.channels.bind_vcpu(*port, VcpuId{0}), failure(Error::invalid));
    EXPECT_EQ(one.channels.bind_ipi(VcpuId{2}), failure(Error::no_entry));
    EXPECT_TRUE(one.channels.close(*port));
    EXPECT_FALSE(one.page->is_pending(1)) << "who has the port next finds nothing in it";
    EXPECT_EQ(one.state(*port), State::free);
}

TEST_F(EventChannelsTest, a_channel_within_a_domain_has_two_ends)
{
    one.share();
    const auto unbound = one.channels.allocate_unbound(DomainId{1});
    ASSERT_TRUE(unbound);
    EXPECT_EQ(one.state(*unbound), State::unbound);
    EXPECT_TRUE(one.channels.send(*unbound)) << "nobody is there, which is no error";
    const auto other = one.channels.bind_interdomain(one.channels, *unbound);
    ASSERT_TRUE(other);
    EXPECT_NE(*other, *unbound);
    EXPECT_EQ(one.state(*unbound), State::interdomain);
    EXPECT_TRUE(one.page->is_pending(other->value())) << "for what was sent to nobody";
    EXPECT_TRUE(one.was_told());
    EXPECT_TRUE(one.channels.send(*other));
    EXPECT_TRUE(one.page->is_pending(unbound->value()));
    EXPECT_EQ(one.channels.bind_interdomain(one.channels, *unbound), failure(Error::invalid));
    EXPECT_TRUE(one.channels.close(*other));
    EXPECT_EQ(one.state(*unbound), State::unbound);
    EXPECT_TRUE(one.channels.send(*unbound));
    const auto again = one.channels.bind_interdomain(one.channels, *unbound);
    EXPECT_TRUE(again);
    EXPECT_EQ(one.state(*unbound), State::interdomain);
}

TEST_F(EventChannelsTest, only_whom_a_port_is_for_can_connect_to_it)
{
    const auto unbound = one.channels.allocate_unbound(DomainId{1});
    EXPECT_EQ(two.channels.bind_interdomain(one.channels, *unbound), failure(Error::invalid));
    EXPECT_EQ(two.channels.bind_interdomain(one.channels, Port{5}), failure(Error::invalid));
    EXPECT_EQ(two.channels.bind_interdomain(one.channels, Port{5000}), failure(Error::invalid));
    EXPECT_EQ(two.state(Port{1}), State::free) << "the port that was taken for it is free again";
}

TEST_F(EventChannelsTest, a_channel_between_domains_could_be_made_by_both)
{
    two.share();
    const auto theirs = two.channels.allocate_unbound(DomainId{1});
    const auto ours = one.channels.bind_interdomain(two.channels, *theirs);
    ASSERT_TRUE(ours);
    EXPECT_TRUE(one.channels.send(*ours));
    EXPECT_TRUE(two.page->is_pending(theirs->value()));
    two.channels.stop();
    EXPECT_TRUE(one.channels.send(*ours)) << "as in Xen";
    EXPECT_EQ(one.state(*ours), State::unbound);
    two.channels.restart();
    EXPECT_EQ(one.state(*ours), State::unbound);
}

TEST_F(EventChannelsTest, ports_run_out)
{
    for (unsigned n = 1; n < EventChannels::ports - 1; ++n)
        ASSERT_TRUE(one.channels.bind_ipi(VcpuId{0})) << n;
    EXPECT_EQ(one.channels.bind_ipi(VcpuId{0}), failure(Error::no_space));
    EXPECT_EQ(one.channels.allocate_unbound(DomainId{1}), failure(Error::no_space));
    EXPECT_EQ(one.channels.bind_interdomain(one.channels, Port{5}), failure(Error::no_space));
    one.channels.close_all();
    EXPECT_EQ(one.channels.bind_ipi(VcpuId{0}), Port{1});
}

TEST_F(EventChannelsTest, domains_are_found_while_they_exist)
{
    EXPECT_EQ(EventChannels::of(DomainId{1}), &one.channels);
    {
        const Party third{3};
        EXPECT_EQ(EventChannels::of(DomainId{3}), &third.channels);
    }
    EXPECT_EQ(EventChannels::of(DomainId{3}), nullptr);
    EXPECT_EQ(EventChannels::of(DomainId{0x7ff1}), nullptr);
}

} // namespace
} // namespace bulkhead::event
