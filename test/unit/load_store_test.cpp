#include "domain/load_store.hpp"

#include "device/guest_layout.hpp"
#include "fuzz/guest_domain.hpp"
#include "machine/guest_state.hpp"
#include "machine/upcalls.hpp"

#include <gtest/gtest.h>
#include <ostream>

namespace bulkhead::domain {
namespace {

namespace layout = device::guest_layout;
using Index = LoadStore::Index;
using machine::MmioResult;

struct Encoding {
    const char* text;
    std::uint32_t instruction;
    LoadStore meaning;
};
std::ostream& operator<<(std::ostream& out, const Encoding& e) { return out << e.text; }

constexpr LoadStore load(unsigned size, unsigned first, unsigned base, std::int64_t offset = 0,
                         Index index = Index::offset)
{
    return {.is_load = true,
            .size = static_cast<std::uint8_t>(size),
            .first = static_cast<std::uint8_t>(first),
            .base = static_cast<std::uint8_t>(base),
            .index = index,
            .offset = offset};
}
constexpr LoadStore store(unsigned size, unsigned first, unsigned base, std::int64_t offset = 0,
                          Index index = Index::offset)
{
    auto result = load(size, first, base, offset, index);
    result.is_load = false;
    return result;
}
constexpr LoadStore with_sign(LoadStore access, bool is_64_bit = true)
{
    access.sign_extends = true;
    access.is_64_bit = is_64_bit;
    return access;
}
constexpr LoadStore pair(LoadStore access, unsigned second)
{
    access.is_pair = true;
    access.second = static_cast<std::uint8_t>(second);
    return access;
}
constexpr LoadStore with_register(LoadStore access, unsigned offset, unsigned extend,
                                  unsigned shift = 0)
{
    access.offset_register = static_cast<std::uint8_t>(offset);
    access.extend = static_cast<std::uint8_t>(extend);
    access.shift = static_cast<std::uint8_t>(shift);
    return access;
}

class LoadStores : public testing::TestWithParam<Encoding> {};

TEST_P(LoadStores, are_decoded_as_they_are_written)
{
    const auto decoded = decode_load_store(GetParam().instruction);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, GetParam().meaning);
}

constexpr Encoding encodings[] = {
    {"ldr w1, [x2], #4", 0xb8404441, load(4, 1, 2, 4, Index::post)},
    {"str x3, [x4], #-8", 0xf81f8483, store(8, 3, 4, -8, Index::post)},
    {"ldr x5, [x6, #16]!", 0xf8410cc5, load(8, 5, 6, 16, Index::pre)},
    {"strb wzr, [sp], #1", 0x380017ff, store(1, 31, 31, 1, Index::post)},
    {"ldrsb w7, [x8], #1", 0x38c01507, with_sign(load(1, 7, 8, 1, Index::post), false)},
    {"ldrsb x7, [x8, #-1]!", 0x389ffd07, with_sign(load(1, 7, 8, -1, Index::pre))},
    {"ldrsh w9, [x10], #2", 0x78c02549, with_sign(load(2, 9, 10, 2, Index::post), false)},
    {"ldrsw x11, [x12], #4", 0xb880458b, with_sign(load(4, 11, 12, 4, Index::post))},
    {"ldrh w13, [x14], #2", 0x784025cd, load(2, 13, 14, 2, Index::post)},
    {"ldp w1, w2, [x3]", 0x29400861, pair(load(4, 1, 3), 2)},
    {"ldp x1, x2, [x3], #16", 0xa8c10861, pair(load(8, 1, 3, 16, Index::post), 2)},
    {"stp w4, wzr, [x5, #-8]!", 0x29bf7ca4, pair(store(4, 4, 5, -8, Index::pre), 31)},
    {"stp x6, x7, [sp, #504]", 0xa91f9fe6, pair(store(8, 6, 31, 504), 7)},
    {"ldpsw x8, x9, [x10, #-256]", 0x69602548, pair(with_sign(load(4, 8, 10, -256)), 9)},
    {"ldnp x1, x2, [x3, #16]", 0xa8410861, pair(load(8, 1, 3, 16), 2)},
    {"ldur w1, [x2, #-3]", 0xb85fd041, load(4, 1, 2, -3)},
    {"ldtr w1, [x2, #5]", 0xb8405841, load(4, 1, 2, 5)},
    {"ldr x1, [x2, x3, lsl #3]", 0xf8637841, with_register(load(8, 1, 2), 3, 3, 3)},
    {"str w1, [x2, w3, uxtw #2]", 0xb8235841, with_register(store(4, 1, 2), 3, 2, 2)},
    {"ldrh w1, [x2, w3, sxtw]", 0x7863c841, with_register(load(2, 1, 2), 3, 6)},
    {"ldrsb x1, [x2, x3]", 0x38a36841, with_register(with_sign(load(1, 1, 2)), 3, 3)},
    {"ldr x1, [x2, x3, sxtx]", 0xf863e841, with_register(load(8, 1, 2), 3, 7)},
    {"str w30, [x2, #16380]", 0xb93ffc5e, store(4, 30, 2, 16380)},
};
INSTANTIATE_TEST_SUITE_P(A64, LoadStores, testing::ValuesIn(encodings));

TEST(LoadStore, what_no_device_carries_out_is_not_decoded)
{
    for (const std::uint32_t instruction : {
             0x885f7c41U, // ldxr w1, [x2]
             0x889ffc41U, // stlr w1, [x2]
             0xc8dffc41U, // ldar x1, [x2]
             0xc87f0861U, // ldxp x1, x2, [x3]
             0xb8210062U, // ldadd w1, w2, [x3]
             0x3cc10441U, // ldr q1, [x2], #16
             0x6d400861U, // ldp d1, d2, [x3]
             0x18000001U, // ldr w1, .
             0xf9800440U, // prfm pldl1keep, [x2, #8]
             0xf8801040U, // prfum pldl1keep, [x2, #1]
             0xf8201441U, // ldraa x1, [x2, #8]
             0x99404041U, // ldapur w1, [x2, #4]
             0xd50b7421U, // dc zva, x1
             0xd503201fU, // nop
             0x69000861U, // a pair of tags (STGP)
             0x68400861U, // LDPSW that is not kept in caches: unallocated
             0xe9400861U, // opc 3 of pairs: unallocated
             0xb8630841U, // an extension that keeps fewer than 32 bits: unallocated
             0U,          ~0U,
         })
        EXPECT_FALSE(decode_load_store(instruction)) << std::hex << instruction;
}

TEST(LoadStore, an_offset_in_a_register_is_extended_and_then_shifted)
{
    constexpr std::uint64_t value = 0x1'ffff'fffe;
    EXPECT_EQ(with_register(load(4, 1, 2), 3, 2, 2).distance(value), 0x3'ffff'fff8U);    // UXTW
    EXPECT_EQ(with_register(load(4, 1, 2), 3, 3, 2).distance(value), 0x7'ffff'fff8U);    // LSL
    EXPECT_EQ(with_register(load(4, 1, 2), 3, 6, 2).distance(value), -std::uint64_t{8}); // SXTW
    EXPECT_EQ(with_register(load(4, 1, 2), 3, 7).distance(value), value);                // SXTX
}

TEST(LoadStore, loads_extend_what_they_load)
{
    EXPECT_EQ(with_sign(load(1, 1, 2)).loaded(0x80), 0xffff'ffff'ffff'ff80U);
    EXPECT_EQ(with_sign(load(1, 1, 2), false).loaded(0x80), 0xffff'ff80U);
    EXPECT_EQ(with_sign(load(2, 1, 2)).loaded(0x7fff), 0x7fffU);
    EXPECT_EQ(load(4, 1, 2).loaded(0x8000'0000), 0x8000'0000U);
}

/// A guest whose instructions trap at the priorities of SPIs 8 to 15.
class UndescribedAccess : public testing::Test {
protected:
    static constexpr std::uint64_t code = 0x4000'0100;
    static constexpr auto words = layout::gicv3_distributor.start + 0x428;
    /// Where the guest has mapped that: offsets in pages are the same.
    static constexpr std::uint64_t there = 0xffff'0000'0000'0428;

    UndescribedAccess()
    {
        guest.run(0);
        put(0, 0x8040'2010);
        put(1, 0x9050'3020);
        machine::set_guest_pc(code);
    }
    MmioResult carry_out(std::uint32_t instruction, GuestAddress address = words)
    {
        const memory::GuestMemory memory{guest.domain().memory()};
        EXPECT_TRUE(memory.write(VirtualAddress{code}, instruction));
        return upcall::undescribed_access(guest.vcpu(), registers, address);
    }
    void put(unsigned word, std::uint32_t value)
    {
        upcall::write_mmio(guest.vcpu(), words + word * 4, 4, value);
    }
    std::uint64_t at(unsigned word)
    {
        return upcall::read_mmio(guest.vcpu(), words + word * 4, 4).value;
    }

    test::GuestDomain guest{device::GicVersion::v3, 4};
    machine::GuestRegisters registers{};
    std::array<std::uint64_t, 32>& x = registers.x;
};

TEST_F(UndescribedAccess, a_pair_is_loaded_and_stored)
{
    x[3] = there;
    EXPECT_EQ(carry_out(0x29400861), MmioResult::done); // ldp w1, w2, [x3]
    EXPECT_EQ(x[1], 0x8040'2010U);
    EXPECT_EQ(x[2], 0x9050'3020U);
    EXPECT_EQ(x[3], there);
    x[4] = 0xf0e0'd0c0;
    x[5] = there + 8;
    EXPECT_EQ(carry_out(0x29bf7ca4), MmioResult::done); // stp w4, wzr, [x5, #-8]!
    EXPECT_EQ(at(0), 0xf0e0'd0c0U);
    EXPECT_EQ(at(1), 0U);
    EXPECT_EQ(x[5], there);
}

TEST_F(UndescribedAccess, the_base_register_changes_before_or_after)
{
    x[2] = there;
    EXPECT_EQ(carry_out(0xb8404441), MmioResult::done); // ldr w1, [x2], #4
    EXPECT_EQ(x[1], 0x8040'2010U);
    EXPECT_EQ(x[2], there + 4);
    x[8] = there + 4;
    EXPECT_EQ(carry_out(0x389ffd07, words + 3), MmioResult::done); // ldrsb x7, [x8, #-1]!
    EXPECT_EQ(x[7], 0xffff'ffff'ffff'ff80U);
    EXPECT_EQ(x[8], there + 3);
}

TEST_F(UndescribedAccess, the_stack_pointer_can_be_the_base_and_31_is_zero_elsewhere)
{
    machine::set_guest_stack_pointer(there);
    x[31] = 0x1234;
    EXPECT_EQ(carry_out(0x380017ff), MmioResult::done); // strb wzr, [sp], #1
    EXPECT_EQ(at(0), 0x8040'2000U);
    EXPECT_EQ(machine::guest_stack_pointer(), there + 1);
}

TEST_F(UndescribedAccess, an_instruction_that_was_changed_meanwhile_reaches_nothing_else)
{
    x[2] = there + 4;
    EXPECT_EQ(carry_out(0xb8404441), MmioResult::abort) << "another address";
    EXPECT_EQ(carry_out(0xd503201f), MmioResult::abort) << "no load or store";
    EXPECT_EQ(x[2], there + 4);
    machine::set_guest_pc(0x5000'0000);
    EXPECT_EQ(upcall::undescribed_access(guest.vcpu(), registers, words), MmioResult::abort)
        << "no RAM there";
    machine::set_guest_pc(layout::vpl011.start.value());
    EXPECT_EQ(upcall::undescribed_access(guest.vcpu(), registers, words), MmioResult::abort)
        << "a device there";
}

TEST_F(UndescribedAccess, all_of_it_is_in_one_page)
{
    x[3] = 0xffff'0000'0000'0ffc;
    EXPECT_EQ(carry_out(0x29400861, layout::gicv3_distributor.start + 0xffc), MmioResult::abort);
}

TEST_F(UndescribedAccess, what_a_device_refuses_changes_no_register)
{
    x[3] = there + 1;
    EXPECT_EQ(carry_out(0x29400861, words + 1), MmioResult::abort);
    x[2] = 0xffff'0000'0000'0000;
    EXPECT_EQ(carry_out(0xb8404441, GuestAddress{0x1000'0000}), MmioResult::abort);
    EXPECT_EQ(x[2], 0xffff'0000'0000'0000U);
    EXPECT_EQ(x[1], 0U);
}

} // namespace
} // namespace bulkhead::domain
