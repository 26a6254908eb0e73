#include "memory/guest_memory.hpp"

#include "base/bits.hpp"
#include "machine/memory.hpp"
#include "machine/physical_memory.hpp"
#include "machine/test_machine.hpp"

#include <cstring>
#include <gtest/gtest.h>

namespace bulkhead::memory {
namespace {

using namespace literals;
using machine::GuestAccess;
using machine::Window;

constexpr GuestAddress ram_start{0x4000'0000};
constexpr GuestAddress device{0x800'0000};

/// A guest with 2 MiB of RAM and a page of a device's, whose virtual addresses are 0x1000 higher
/// than what they mean.
class GuestMemoryTest : public testing::Test {
protected:
    GuestMemoryTest()
    {
        EXPECT_TRUE(pool_ram.add(tables.range()));
        pool.use(pool_ram);
        map = Stage2Map::create(pool, 1).value();
        EXPECT_TRUE(map->map(ram_start, ram.range().start, ram.range().size, Stage2Access::ram));
        EXPECT_TRUE(map->map(device, PhysicalAddress{0x900'0000}, page_size, Stage2Access::device));
        machine.guest_translation = [](VirtualAddress address, GuestAccess access) {
            const bool is_read_only = address.value() >= read_only.value();
            if (is_read_only && access == GuestAccess::write)
                return Result<GuestAddress>{failure(Error::bad_address)};
            return Result<GuestAddress>{GuestAddress{address.value() - 0x1000}};
        };
    }

    static constexpr VirtualAddress start{0x4000'1000};
    static constexpr VirtualAddress read_only{0x4010'0000};

    /// The guest's RAM, for a look at it.
    std::byte* at(std::uint64_t offset)
    {
        return machine::map_physical(ram.range().start + offset, page_size,
                                     machine::MapAccess::read_write);
    }

    test::TestMachine& machine = test::new_machine(2);
    test::PhysicalMemory tables{4_MiB};
    test::PhysicalMemory ram{2_MiB};
    PhysicalRanges pool_ram;
    PagePool pool;
    std::optional<Stage2Map> map;
};

TEST_F(GuestMemoryTest, what_is_written_is_read_over_a_pages_end_too)
{
    const GuestMemory memory{*map};
    for (const std::uint64_t offset : {0x0ULL, 0xff9ULL, 0xfffULL}) {
        EXPECT_TRUE(memory.write(start + offset, std::uint64_t{0x1122'3344'5566'7788}));
        const auto read = memory.read<std::uint64_t>(start + offset);
        ASSERT_TRUE(read);
        EXPECT_EQ(read->open([](std::uint64_t value) { return value; }), 0x1122'3344'5566'7788U);
    }
    EXPECT_EQ(static_cast<unsigned>(*at(0x1000)), 0x77U);
}

TEST_F(GuestMemoryTest, addresses_without_ram_are_refused)
{
    const GuestMemory memory{*map};
    for (const std::uint64_t address :
         {0x0ULL, 0x4000'0ff9ULL, 0x4020'0ff9ULL, 0x4020'1000ULL, ~0ULL, ~0ULL - 3, 1ULL << 48}) {
        EXPECT_EQ(memory.read<std::uint64_t>(VirtualAddress{address}).error(), Error::bad_address)
            << std::hex << address;
        EXPECT_EQ(memory.write(VirtualAddress{address}, std::uint64_t{}),
                  failure(Error::bad_address));
    }
}

TEST_F(GuestMemoryTest, a_devices_page_is_no_memory)
{
    const GuestMemory memory{*map};
    const VirtualAddress there{device.value() + 0x1000};
    EXPECT_EQ(memory.read<std::uint32_t>(there).error(), Error::bad_address);
    EXPECT_EQ(memory.page(frame_of(device)), failure(Error::bad_address));
}

TEST_F(GuestMemoryTest, the_guests_own_rights_hold)
{
    const GuestMemory memory{*map};
    EXPECT_TRUE(memory.read<std::uint64_t>(read_only));
    EXPECT_EQ(memory.write(read_only, std::uint64_t{}), failure(Error::bad_address));
    EXPECT_EQ(memory.check_writable(read_only - 4, 8), failure(Error::bad_address));
    EXPECT_TRUE(memory.check_writable(read_only - 8, 8));
}

TEST_F(GuestMemoryTest, a_frame_is_found_if_it_is_ram)
{
    const GuestMemory memory{*map};
    EXPECT_EQ(memory.page(frame_of(ram_start) + 1), ram.range().start + page_size);
    EXPECT_EQ(memory.page(frame_of(ram_start) + 512), failure(Error::bad_address));
    // Shifted, it would be the first again.
    EXPECT_EQ(memory.page(Gfn{frame_of(ram_start).value() | bit(52)}), failure(Error::bad_address));
    EXPECT_EQ(memory.page(Gfn{~std::uint64_t{0}}), failure(Error::bad_address));
}

TEST_F(GuestMemoryTest, no_more_of_a_guest_is_mapped_than_the_windows)
{
    const GuestMemory memory{*map};
    for (std::uint64_t offset = 0; offset < 1_MiB - 0x1000; offset += page_size)
        EXPECT_TRUE(memory.write(start + offset, std::uint64_t{}));
    EXPECT_EQ(ram.mapped_pages(), 1U);
    const SharedBits bits{Window::vcpu_info, ram.range().start};
    EXPECT_FALSE(bits.set(3));
    EXPECT_EQ(ram.mapped_pages(), 2U);
}

TEST_F(GuestMemoryTest, shared_bits_say_what_they_were)
{
    const SharedBits bits{Window::shared_info, ram.range().start + 0xff0};
    EXPECT_FALSE(bits.set(65));
    EXPECT_TRUE(bits.set(65));
    EXPECT_TRUE(bits.is_set(65));
    EXPECT_FALSE(bits.is_set(64));
    EXPECT_EQ(static_cast<unsigned>(*at(0xff8)), 2U);
    EXPECT_TRUE(bits.clear(65));
    EXPECT_FALSE(bits.clear(65));
    EXPECT_FALSE(bits.is_set(65));
}

} // namespace
} // namespace bulkhead::memory
