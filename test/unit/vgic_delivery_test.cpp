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

} // namespace
} // namespace bulkhead::test
