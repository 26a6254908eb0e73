#include "unit/vgic_world.hpp"

namespace bulkhead::test {
namespace {

using device::Access;
using device::GicVersion;

World v2(unsigned vcpus = 2, unsigned spis = 64)
{
    return World{{.version = GicVersion::v2, .vcpus = vcpus, .spis = spis}};
}
World v3(unsigned vcpus = 2, unsigned spis = 64)
{
    return World{{.version = GicVersion::v3, .vcpus = vcpus, .spis = spis}};
}

/// The values of a register after reset, after writing all ones, and after writing zero.
using Life = std::array<std::uint64_t, 3>;
Life life(World& w, std::uint64_t offset, unsigned size = 4)
{
    Life values{w.read(offset, size)};
    w.write(offset, ~std::uint64_t{0} >> (64 - 8 * size), size);
    values[1] = w.read(offset, size);
    w.write(offset, 0, size);
    values[2] = w.read(offset, size);
    return values;
}
Life life_of_redistributor(World& w, std::uint64_t offset, unsigned size = 4)
{
    Life values{w.read_redistributor(1, offset, size)};
    w.write_redistributor(1, offset, ~std::uint64_t{0} >> (64 - 8 * size), size);
    values[1] = w.read_redistributor(1, offset, size);
    w.write_redistributor(1, offset, 0, size);
    values[2] = w.read_redistributor(1, offset, size);
    return values;
}
Life fixed(std::uint64_t value) { return {value, value, value}; }

// Both versions.

class VgicRegisters : public testing::TestWithParam<GicVersion> {
protected:
    World world_of(unsigned vcpus = 2, unsigned spis = 64)
    {
        return World{{.version = GetParam(), .vcpus = vcpus, .spis = spis}};
    }
};
INSTANTIATE_TEST_SUITE_P(, VgicRegisters, testing::Values(GicVersion::v2, GicVersion::v3),
                         [](const auto& version) {
                             return version.param == GicVersion::v2 ? "v2" : "v3";
                         });

TEST_P(VgicRegisters, bits_of_spis_are_set_and_cleared_by_ones)
{
    for (const auto& [set, clear] :
         {std::pair{0x104U, 0x184U}, {0x204U, 0x284U}, {0x304U, 0x384U}}) {
        auto w = world_of();
        EXPECT_EQ(w.read(set), 0U);
        w.write(set, 0x8000'0011);
        w.write(set, 0x0000'0100);
        w.write(set, 0);
        EXPECT_EQ(w.read(set), 0x8000'0111U);
        EXPECT_EQ(w.read(clear), 0x8000'0111U);
        w.write(clear, 0x0000'0011);
        w.write(clear, 0);
        EXPECT_EQ(w.read(set), 0x8000'0100U);
        EXPECT_EQ(w.read(set + 4), 0U) << "neighbours";
        EXPECT_EQ(w.read(set + 8), 0U) << "past the last one";
        w.write(set + 8, ~0U);
        EXPECT_EQ(w.read(set + 8), 0U);
    }
}

TEST_P(VgicRegisters, priorities_have_the_bits_that_the_interface_has)
{
    auto w = world_of();
    EXPECT_EQ(life(w, 0x420), (Life{0, 0xf8f8'f8f8, 0}));
    EXPECT_EQ(life(w, 0x45f, 1), (Life{0, 0xf8, 0}));
    w.write(0x421, 0x47, 1);
    EXPECT_EQ(w.read(0x420), 0x4000U);
    EXPECT_EQ(w.read(0x421, 1), 0x40U);
    EXPECT_EQ(life(w, 0x460), fixed(0)) << "past the last one";
}

TEST_P(VgicRegisters, spis_are_level_triggered_until_their_odd_bit_is_set)
{
    auto w = world_of();
    EXPECT_EQ(life(w, 0xc08), (Life{0, 0xaaaa'aaaa, 0}));
    EXPECT_EQ(life(w, 0xc14), (Life{0, 0xaaaa'aaaa, 0}));
    EXPECT_EQ(life(w, 0xc18), fixed(0)) << "past the last one";
    w.write(0xc0c, 0x0000'0080);
    EXPECT_EQ(w.read(0xc0c), 0x80U);
    EXPECT_EQ(w.read(0xc08), 0U);
}

TEST_P(VgicRegisters, reserved_addresses_and_absent_features_read_as_zero)
{
    auto w = world_of();
    for (const auto offset :
         {0x0cU, 0x10U, 0x40U, 0x48U, 0x7cU, 0xd00U, 0xd04U, 0xe00U, 0xe08U, 0xf30U, 0xfccU})
        EXPECT_EQ(life(w, offset), fixed(0)) << std::hex << offset;
}

TEST_P(VgicRegisters, other_sizes_and_unaligned_accesses_abort)
{
    auto w = world_of();
    const auto both_abort = [&](std::uint64_t offset, unsigned size) {
        return w.vgic.read_distributor(w.self(), offset, size).access == Access::abort &&
               w.vgic.write_distributor(w.self(), offset, size, 0) == Access::abort;
    };
    for (const auto offset : {0x0U, 0x4U, 0x104U, 0x204U, 0x304U, 0xc08U, 0xd00U})
        for (const auto size : {1U, 2U, 8U})
            EXPECT_TRUE(both_abort(offset & ~(size - 1), size)) << std::hex << offset;
    EXPECT_TRUE(both_abort(0x420, 2));
    EXPECT_TRUE(both_abort(0x420, 8));
    EXPECT_TRUE(both_abort(0x421, 4));
    EXPECT_TRUE(both_abort(0x102, 4));
}

TEST_P(VgicRegisters, the_last_four_intids_do_not_exist)
{
    auto w = world_of(1, 992);
    EXPECT_EQ(w.read(0x4) & 0x1f, 31U);
    EXPECT_EQ(life(w, 0x17c), (Life{0, 0x0fff'ffff, 0x0fff'ffff}));
    EXPECT_EQ(life(w, 0x7f8), (Life{0, 0xf8f8'f8f8, 0}));
    EXPECT_EQ(life(w, 0x7fc), fixed(0));
    w.write(0x27c, ~0U);
    EXPECT_EQ(w.read(0x27c), 0x0fff'ffffU);
}

TEST_P(VgicRegisters, identify_their_implementer)
{
    auto w = world_of();
    EXPECT_EQ(life(w, 0x8), fixed(0x4200'043b));
}

// GICv2.

TEST(VgicV2Registers, type_tells_banks_and_cpu_interfaces)
{
    auto w = v2(5, 96);
    EXPECT_EQ(life(w, 0x4), fixed(3 | 4 << 5));
}

TEST(VgicV2Registers, control_enables_both_groups)
{
    auto w = v2();
    EXPECT_EQ(life(w, 0x0), (Life{0, 3, 0}));
}

TEST(VgicV2Registers, identification_says_version_2)
{
    auto w = v2();
    EXPECT_EQ(life(w, 0xfe8), fixed(0x2b));
    EXPECT_EQ(life(w, 0xfe0), fixed(0x90));
    EXPECT_EQ(life(w, 0xfd0), fixed(0x04));
    EXPECT_EQ(life(w, 0xffc), fixed(0xb1));
}

TEST(VgicV2Registers, each_vcpu_has_its_own_private_interrupts)
{
    auto w = v2();
    w.write(0x100, 0x0800'0000);
    w.write(0x41b, 0x40, 1);
    w.run(1);
    EXPECT_EQ(w.read(0x100), 0x0000'ffffU);
    EXPECT_EQ(w.read(0x41b, 1), 0U);
    w.run(0);
    EXPECT_EQ(w.read(0x100), 0x0800'ffffU);
    EXPECT_EQ(w.read(0x41b, 1), 0x40U);
}

TEST(VgicV2Registers, groups_are_group_0_after_reset)
{
    auto w = v2();
    EXPECT_EQ(life(w, 0x80), (Life{0, 0xffff'ffff, 0}));
    EXPECT_EQ(life(w, 0x84), (Life{0, 0xffff'ffff, 0}));
    EXPECT_EQ(life(w, 0x8c), fixed(0)) << "past the last one";
}

TEST(VgicV2Registers, sgis_are_edges_and_ppis_are_as_they_are_set)
{
    auto w = v2();
    EXPECT_EQ(life(w, 0xc00), fixed(0xaaaa'aaaa));
    EXPECT_EQ(life(w, 0xc04), (Life{0, 0xaaaa'aaaa, 0}));
}

TEST(VgicV2Registers, targets_are_masks_of_vcpus)
{
    auto w = v2(3);
    EXPECT_EQ(life(w, 0x800), fixed(0x0101'0101)) << "private: the reader itself";
    EXPECT_EQ(life(w, 0x81c), fixed(0x0101'0101));
    EXPECT_EQ(life(w, 0x820), (Life{0x0101'0101, 0x0707'0707, 0}));
    w.write(0x821, 0x04, 1);
    EXPECT_EQ(w.read(0x821, 1), 0x04U);
    EXPECT_EQ(w.read(0x820), 0x0400U);
    EXPECT_EQ(life(w, 0x860), fixed(0)) << "past the last one";
    w.run(2);
    EXPECT_EQ(w.read(0x81c), 0x0404'0404U);
}

TEST(VgicV2Registers, the_only_vcpu_is_everybodys_target_until_told_otherwise)
{
    auto w = v2(1);
    EXPECT_EQ(life(w, 0x800), fixed(0x0101'0101));
    EXPECT_EQ(life(w, 0x820), (Life{0x0101'0101, 0x0101'0101, 0}));
}

TEST(VgicV2Registers, without_a_target_an_interrupt_stays_pending)
{
    auto w = v2(2);
    w.enable_groups();
    w.prepare(spi(1));
    w.write(0x821, 0, 1);
    w.set(World::ispendr, spi(1));
    EXPECT_EQ(w.acknowledge(), spurious);
    EXPECT_TRUE(w.is(World::ispendr, spi(1)));
    w.write(0x821, 0x3, 1);
    EXPECT_EQ(w.acknowledge(), spi(1)) << "the first of several";
}

TEST(VgicV2Registers, there_is_no_affinity_routing)
{
    auto w = v2();
    EXPECT_EQ(life(w, 0xf00), fixed(0)) << "GICD_SGIR is write-only";
    EXPECT_EQ(w.vgic.read_distributor(w.self(), 0x6100, 8).access, Access::abort);
}

// GICv3.

TEST(VgicV3Registers, type_tells_banks_and_intid_bits)
{
    auto w = v3(2, 96);
    EXPECT_EQ(life(w, 0x4), fixed(3 | 9 << 19 | 1 << 24));
}

TEST(VgicV3Registers, control_has_one_security_state_and_affinity_routing_only)
{
    auto w = v3();
    EXPECT_EQ(life(w, 0x0), (Life{0x50, 0x53, 0x50}));
}

TEST(VgicV3Registers, identification_says_version_3)
{
    auto w = v3();
    EXPECT_EQ(life(w, 0xffe8), fixed(0x3b));
    EXPECT_EQ(life(w, 0xffe0), fixed(0x92));
    EXPECT_EQ(life(w, 0xffd0), fixed(0x44));
    EXPECT_EQ(life(w, 0xfff0), fixed(0x0d));
    EXPECT_EQ(life_of_redistributor(w, 0xffe8), fixed(0x3b));
    EXPECT_EQ(life_of_redistributor(w, 0xffe0), fixed(0x93));
    EXPECT_EQ(life_of_redistributor(w, 0x1ffe8), fixed(0));
}

TEST(VgicV3Registers, the_distributor_has_neither_private_interrupts_nor_v2s_registers)
{
    auto w = v3();
    for (const auto offset : {0x80U, 0x100U, 0x180U, 0x200U, 0x280U, 0x300U, 0x380U, 0x400U, 0x41cU,
                              0x800U, 0x820U, 0xc00U, 0xc04U, 0xf00U, 0xf10U, 0xf20U})
        EXPECT_EQ(life(w, offset), fixed(0)) << std::hex << offset;
}

TEST(VgicV3Registers, spis_are_in_group_1_after_reset)
{
    auto w = v3();
    EXPECT_EQ(life(w, 0x84), (Life{0xffff'ffff, 0xffff'ffff, 0}));
    EXPECT_EQ(life(w, 0x8c), fixed(0)) << "past the last one";
}

TEST(VgicV3Registers, routes_are_written_whole_or_by_halves)
{
    auto w = v3(2, 64);
    EXPECT_EQ(life(w, 0x6100, 8), (Life{0, 0xff'80ff'ffff, 0}));
    EXPECT_EQ(life(w, 0x62f8, 8), (Life{0, 0xff'80ff'ffff, 0}));
    EXPECT_EQ(life(w, 0x6300, 8), fixed(0)) << "past the last one";
    EXPECT_EQ(life(w, 0x60f8, 8), fixed(0)) << "private interrupts have none";
    w.write(0x6100, 0x8012'3456);
    w.write(0x6104, 0xffff'ff78);
    EXPECT_EQ(w.read(0x6100, 8), 0x78'8012'3456U);
    EXPECT_EQ(w.read(0x6104), 0x78U);
    EXPECT_EQ(w.read(0x6100), 0x8012'3456U);
    EXPECT_EQ(w.vgic.read_distributor(w.self(), 0x6100, 1).access, Access::abort);
    EXPECT_EQ(w.vgic.write_distributor(w.self(), 0x6104, 8, 0), Access::abort);
}

TEST(VgicV3Registers, a_route_to_nobody_keeps_the_interrupt_pending)
{
    auto w = v3(2);
    w.enable_groups();
    w.prepare(spi(1));
    for (const std::uint64_t route : {0x2ULL, 0x100ULL, 0x1'0000ULL, 0x1'0000'0000ULL}) {
        w.write(0x6108, route, 8);
        w.set(World::ispendr, spi(1));
        EXPECT_EQ(w.acknowledge(), spurious);
        EXPECT_TRUE(w.is(World::ispendr, spi(1)));
    }
    w.write(0x6108, 1, 8);
    w.run(1);
    EXPECT_EQ(w.acknowledge(), spi(1));
}

TEST(VgicV3Registers, one_of_n_goes_to_the_first_vcpu_that_is_awake)
{
    auto w = v3(3);
    w.enable_groups();
    w.prepare(spi(1));
    w.write(0x6108, 0x8000'0000, 8);
    const auto goes_to = [&](unsigned vcpu) {
        w.set(World::ispendr, spi(1));
        w.run(vcpu);
        EXPECT_EQ(w.serve_all(), std::vector{spi(1)});
        w.run(0);
    };
    goes_to(0);
    w.write_redistributor(2, 0x14, 0);
    goes_to(2);
    w.write_redistributor(1, 0x14, 0);
    goes_to(1);
    w.set(World::ispendr, spi(1));
    w.write_redistributor(1, 0x14, 2);
    w.run(2);
    EXPECT_EQ(w.acknowledge(), spi(1));
}

TEST(VgicV3Registers, a_redistributor_says_whose_it_is)
{
    auto w = v3(18);
    EXPECT_EQ(w.read_redistributor(0, 0x8, 8), 0U);
    EXPECT_EQ(w.read_redistributor(3, 0x8, 8), 3ULL << 32 | 3 << 8);
    EXPECT_EQ(w.read_redistributor(17, 0x8, 8), 0x101ULL << 32 | 17 << 8 | 1 << 4);
    EXPECT_EQ(w.read_redistributor(17, 0x8), 17U << 8 | 1 << 4);
    EXPECT_EQ(w.read_redistributor(17, 0xc), 0x101U);
    w.write_redistributor(17, 0x8, ~0ULL, 8);
    EXPECT_EQ(w.read_redistributor(17, 0xc), 0x101U);
}

TEST(VgicV3Registers, a_redistributors_children_sleep_as_it_does)
{
    auto w = v3();
    EXPECT_EQ(w.read_redistributor(1, 0x14), 6U);
    w.write_redistributor(1, 0x14, 0);
    EXPECT_EQ(w.read_redistributor(1, 0x14), 0U);
    w.write_redistributor(1, 0x14, 2);
    EXPECT_EQ(w.read_redistributor(1, 0x14), 6U);
    w.write_redistributor(1, 0x14, 4);
    EXPECT_EQ(w.read_redistributor(1, 0x14), 0U) << "ChildrenAsleep is read-only";
}

TEST(VgicV3Registers, a_redistributor_has_the_private_interrupts_of_its_vcpu)
{
    auto w = v3();
    const std::uint64_t frame = 0x10000;
    EXPECT_EQ(life_of_redistributor(w, frame + 0x80), (Life{0xffff'ffff, 0xffff'ffff, 0}));
    EXPECT_EQ(life_of_redistributor(w, frame + 0x100), (Life{0xffff, 0xffff'ffff, 0xffff'ffff}));
    EXPECT_EQ(life_of_redistributor(w, frame + 0x180), (Life{0xffff'ffff, 0, 0}));
    EXPECT_EQ(life_of_redistributor(w, frame + 0x200), (Life{0, 0xffff'ffff, 0xffff'ffff}));
    EXPECT_EQ(life_of_redistributor(w, frame + 0x280), (Life{0xffff'ffff, 0, 0}));
    EXPECT_EQ(life_of_redistributor(w, frame + 0x300), (Life{0, 0xffff'ffff, 0xffff'ffff}));
    EXPECT_EQ(life_of_redistributor(w, frame + 0x380), (Life{0xffff'ffff, 0, 0}));
    EXPECT_EQ(life_of_redistributor(w, frame + 0x400), (Life{0, 0xf8f8'f8f8, 0}));
    EXPECT_EQ(life_of_redistributor(w, frame + 0x41f, 1), (Life{0, 0xf8, 0}));
    EXPECT_EQ(life_of_redistributor(w, frame + 0x420), fixed(0));
    EXPECT_EQ(life_of_redistributor(w, frame + 0xc00), fixed(0xaaaa'aaaa));
    EXPECT_EQ(life_of_redistributor(w, frame + 0xc04), (Life{0, 0xaaaa'aaaa, 0}));
    for (const auto offset :
         {0x84U, 0x104U, 0x184U, 0x204U, 0x304U, 0xc08U, 0xd00U, 0xe00U, 0xf00U, 0xf20U, 0x7f80U})
        EXPECT_EQ(life_of_redistributor(w, frame + offset), fixed(0)) << std::hex << offset;
    w.write_redistributor(1, frame + 0x100, 1U << 20);
    EXPECT_EQ(w.read_redistributor(0, frame + 0x100), 0xffffU) << "of this vCPU only";
}

TEST(VgicV3Registers, a_redistributor_without_lpis_has_nothing_else)
{
    auto w = v3();
    EXPECT_EQ(life_of_redistributor(w, 0x4), fixed(0x4200'043b));
    for (const auto offset : {0x0U, 0x10U, 0x40U, 0x48U, 0x70U, 0x78U, 0xa0U, 0xb0U, 0xc0U, 0x80U,
                              0x100U, 0x10000U, 0x10014U})
        EXPECT_EQ(life_of_redistributor(w, offset), fixed(0)) << std::hex << offset;
}

TEST(VgicV3Registers, a_redistributor_aborts_other_sizes)
{
    auto w = v3();
    const auto both_abort = [&](std::uint64_t offset, unsigned size) {
        return w.vgic.read_redistributor(VcpuId{1}, w.self(), offset, size).access ==
                   Access::abort &&
               w.vgic.write_redistributor(VcpuId{1}, w.self(), offset, size, 0) == Access::abort;
    };
    EXPECT_TRUE(both_abort(0x0, 8));
    EXPECT_TRUE(both_abort(0x8, 1));
    EXPECT_TRUE(both_abort(0x14, 2));
    EXPECT_TRUE(both_abort(0x10100, 1));
    EXPECT_TRUE(both_abort(0x10102, 4));
    EXPECT_TRUE(both_abort(0x10400, 2));
    EXPECT_TRUE(both_abort(0x10100, 8));
}

TEST(VgicV3Registers, the_timers_are_level_triggered_whatever_is_written)
{
    World w{{.timers = true}};
    w.write_redistributor(0, 0x10c04, ~0U);
    EXPECT_EQ(w.read_redistributor(0, 0x10c04), 0x8a2a'aaaaU);
}

TEST(VgicV3Registers, a_vcpu_started_anew_has_its_private_interrupts_as_after_reset)
{
    auto w = v3();
    w.run(1);
    w.enable_groups();
    w.prepare(ppi(9));
    w.set(World::ispendr, ppi(9));
    w.write_redistributor(1, 0x14, 0);
    w.settle();
    w.save(1);
    w.vgic.reset_vcpu(VcpuId{1});
    w.load(1);
    EXPECT_EQ(w.read_redistributor(1, 0x10100), 0xffffU);
    EXPECT_EQ(w.read_redistributor(1, 0x10200), 0U);
    EXPECT_EQ(w.read_redistributor(1, 0x14), 6U);
    EXPECT_EQ(w.read_redistributor(1, 0x10400 + 25, 1), 0U);
    EXPECT_EQ(w.acknowledge(), spurious);
}

} // namespace
} // namespace bulkhead::test
