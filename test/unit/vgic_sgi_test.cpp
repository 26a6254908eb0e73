#include "unit/vgic_world.hpp"

namespace bulkhead::test {
namespace {

using device::GicVersion;
using Intids = std::vector<Intid>;
using Request = device::gic::SgiRequest;
using V2Request = device::gic::SoftwareGenerated;

World ready(GicVersion version, unsigned vcpus)
{
    return World{{.version = version, .vcpus = vcpus}};
}

/// GICv3: a request for SGI 5 of the vCPUs `targets` of cluster `aff1`.
Request request(std::uint16_t targets, unsigned aff1 = 0)
{
    return Request{}
        .with(Request::intid, 5)
        .with(Request::target_list, targets)
        .with(Request::aff1, aff1);
}

/// Who has SGI 5 pending, a bit per vCPU.
std::uint32_t reached(World& w)
{
    std::uint32_t mask = 0;
    for (unsigned n = 0; n < w.machine.cpu_count(); ++n)
        if (w.is(World::ispendr, sgi(5), n)) mask |= 1U << n;
    return mask;
}

std::uint32_t reached_by(World& w, Request r, bool any_group = true)
{
    w.vgic.send_sgi(w.self(), r, any_group);
    w.settle();
    const auto mask = reached(w);
    for (unsigned n = 0; n < w.machine.cpu_count(); ++n)
        w.set(World::icpendr, sgi(5), n);
    return mask;
}

TEST(VgicSgi, v3_reaches_every_vcpu_by_its_affinity)
{
    auto w = ready(GicVersion::v3, 20);
    EXPECT_EQ(reached_by(w, request(0x0001)), 0x1U);
    EXPECT_EQ(reached_by(w, request(0x8003)), 0x8003U);
    EXPECT_EQ(reached_by(w, request(0x0009, 1)), 0x9'0000U);
    EXPECT_EQ(reached_by(w, request(0xfff0, 1)), 0U) << "there are 20 vCPUs";
    EXPECT_EQ(reached_by(w, request(0xffff, 2)), 0U);
    EXPECT_EQ(reached_by(w, request(1).with(Request::aff2, 1)), 0U);
    EXPECT_EQ(reached_by(w, request(1).with(Request::aff3, 1)), 0U);
    EXPECT_EQ(reached_by(w, request(1).with(Request::range, 1)), 0U);
}

TEST(VgicSgi, v3_reaches_all_but_the_sender)
{
    auto w = ready(GicVersion::v3, 20);
    w.run(3);
    EXPECT_EQ(reached_by(w, request(0x1, 7).with(Request::all_but_self, true)), 0xf'fff7U);
}

TEST(VgicSgi, v3_reaches_group_1_only_through_icc_sgi1r)
{
    auto w = ready(GicVersion::v3, 2);
    w.write_redistributor(1, 0x10080, ~std::uint64_t{1U << 5});
    EXPECT_EQ(reached_by(w, request(3), true), 3U);
    EXPECT_EQ(reached_by(w, request(3), false), 2U);
    EXPECT_EQ(reached_by(w, request(1).with(Request::all_but_self, true), false), 2U);
}

TEST(VgicSgi, v3_sgi_to_self_and_to_another_vcpu_are_served)
{
    auto w = ready(GicVersion::v3, 2);
    w.enable_groups();
    w.send_sgi(0, sgi(5));
    w.send_sgi(1, sgi(6));
    EXPECT_EQ(w.serve_all(), Intids{sgi(5)});
    w.run(1);
    EXPECT_EQ(w.serve_all(), Intids{sgi(6)});
}

TEST(VgicSgi, v3_sgi_to_self_needs_no_flush)
{
    auto w = ready(GicVersion::v3, 1);
    w.enable_groups();
    w.flushes = 0;
    for (unsigned n = 0; n < 4; ++n) {
        w.send_sgi(0, sgi(5));
        EXPECT_EQ(w.serve_all(), Intids{sgi(5)});
    }
    EXPECT_EQ(w.flushes, 0U);
}

TEST(VgicSgi, v3_an_sgi_sent_while_it_is_active_is_delivered_after)
{
    auto w = ready(GicVersion::v3, 2);
    w.enable_groups();
    w.send_sgi(1, sgi(5));
    w.run(1);
    ASSERT_EQ(w.acknowledge(), sgi(5));
    w.run(0);
    w.send_sgi(1, sgi(5));
    w.send_sgi(1, sgi(5));
    w.run(1);
    EXPECT_EQ(w.acknowledge(), spurious);
    w.end(sgi(5));
    EXPECT_EQ(w.serve_all(), Intids{sgi(5)});
}

TEST(VgicSgi, v2_is_sent_to_a_list_or_to_all_but_self_or_to_self)
{
    auto w = ready(GicVersion::v2, 4);
    const auto reached_by_v2 = [&](V2Request r) {
        w.run(2);
        w.write(0xf00, r.with(V2Request::intid, 5).raw());
        std::uint32_t mask = 0;
        for (unsigned n = 0; n < 4; ++n) {
            w.run(n);
            if (w.read(0xf24, 4) != 0) mask |= 1U << n;
            w.write(0xf14, 0xffff'ffff);
        }
        return mask;
    };
    using Filter = V2Request::Filter;
    EXPECT_EQ(reached_by_v2(V2Request{}.with(V2Request::target_list, 0xff)), 0xfU);
    EXPECT_EQ(reached_by_v2(V2Request{}.with(V2Request::target_list, 0x05)), 0x5U);
    EXPECT_EQ(reached_by_v2(V2Request{}.with(V2Request::filter, Filter::all_but_self)), 0xbU);
    EXPECT_EQ(reached_by_v2(V2Request{}.with(V2Request::filter, Filter::only_self)), 0x4U);
    EXPECT_EQ(reached_by_v2(V2Request::from(0x030f'0000)), 0U) << "filter 3 is reserved";
}

TEST(VgicSgi, v2_tells_each_sender_and_delivers_once_for_each)
{
    auto w = ready(GicVersion::v2, 4);
    w.run(1);
    w.enable_groups();
    for (const unsigned from : {3U, 0U, 2U, 0U}) {
        w.run(from);
        w.send_sgi(1, sgi(5));
    }
    w.run(1);
    EXPECT_EQ(w.read(0xf25, 1), 0xdU);
    EXPECT_TRUE(w.is(World::ispendr, sgi(5)));
    for (const unsigned from : {0U, 2U, 3U}) {
        const auto iar = w.acknowledge_raw();
        EXPECT_EQ(iar, from << 10 | 5);
        EXPECT_EQ(w.acknowledge(), spurious);
        w.end(iar);
    }
    EXPECT_EQ(w.acknowledge(), spurious);
    EXPECT_EQ(w.read(0xf24), 0U);
}

TEST(VgicSgi, v2_the_same_sender_again_while_active_is_delivered_again)
{
    auto w = ready(GicVersion::v2, 2);
    w.run(1);
    w.enable_groups();
    w.run(0);
    w.send_sgi(1, sgi(5));
    w.run(1);
    const auto iar = w.acknowledge_raw();
    w.run(0);
    w.send_sgi(1, sgi(5));
    w.run(1);
    w.send_sgi(1, sgi(5));
    EXPECT_EQ(w.acknowledge(), spurious);
    w.end(iar);
    EXPECT_EQ(w.acknowledge_raw(), 5U);
    w.end(5);
    EXPECT_EQ(w.acknowledge_raw(), 5U | 1U << 10);
    w.end(5U | 1U << 10);
    EXPECT_EQ(w.acknowledge(), spurious);
}

TEST(VgicSgi, v2_another_sender_after_the_first_was_served_is_told)
{
    auto w = ready(GicVersion::v2, 2);
    w.enable_groups();
    w.run(1);
    w.send_sgi(0, sgi(5));
    w.run(0);
    const auto iar = w.acknowledge_raw();
    EXPECT_EQ(iar, 5U | 1U << 10);
    w.end(iar);
    w.send_sgi(0, sgi(5));
    EXPECT_EQ(w.acknowledge_raw(), 5U);
}

TEST(VgicSgi, v2_pending_senders_are_set_and_cleared_by_byte)
{
    auto w = ready(GicVersion::v2, 3);
    w.enable_groups();
    w.set_priority(sgi(2), 0x80);
    w.set_priority(sgi(3), 0x80);
    w.write(0xf20, 0x0205'00ffU);
    EXPECT_EQ(w.read(0xf10), 0x0205'0007U) << "there are three vCPUs";
    w.write(0xf12, 0x01, 1);
    EXPECT_EQ(w.read(0xf22, 1), 0x04U);
    EXPECT_EQ(w.acknowledge_raw(), 0U);
    EXPECT_EQ(w.read(0xf20), 0x0204'0006U);
    w.write(0xf10, 0xffff'ffff);
    EXPECT_EQ(w.read(0xf20), 0U);
    EXPECT_TRUE(w.is(World::isactiver, sgi(0)));
    w.end(0U);
    EXPECT_EQ(w.acknowledge(), spurious);
}

TEST(VgicSgi, v2_sgis_do_not_become_pending_through_the_bank_registers)
{
    auto w = ready(GicVersion::v2, 1);
    w.write(0x200, 0xffff);
    EXPECT_EQ(w.read(0x200), 0U);
    w.send_sgi(0, sgi(5));
    w.write(0x280, 0xffff);
    EXPECT_EQ(w.read(0x200), 1U << 5);
}

TEST(VgicSgi, v2_the_sender_of_an_active_sgi_survives_a_switch_of_the_vcpu)
{
    auto w = ready(GicVersion::v2, 3);
    w.run(1);
    w.enable_groups();
    w.run(2);
    w.send_sgi(1, sgi(5));
    w.run(1);
    const auto iar = w.acknowledge_raw();
    EXPECT_EQ(iar, 5U | 2U << 10);
    w.save(1);
    w.run(0);
    w.vgic.write_distributor(VcpuId{0}, 0xf00, 4, 1U << 17 | 5);
    w.load(1);
    w.end(iar);
    EXPECT_FALSE(w.is(World::isactiver, sgi(5)));
    EXPECT_EQ(w.acknowledge_raw(), 5U);
}

} // namespace
} // namespace bulkhead::test
