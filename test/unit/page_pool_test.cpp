#include "memory/page_pool.hpp"

#include "base/bits.hpp"
#include "machine/physical_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace bulkhead::memory {
namespace {

using namespace literals;
using test::PhysicalMemory;

constexpr std::uint64_t chunk = 2_MiB;

class PagePoolTest : public testing::Test {
protected:
    PagePoolTest()
    {
        ram.fill(std::byte{0xee});
        give(0, 16_MiB);
        pool.use(free);
    }

    /// Makes a part of the RAM free for the pool.
    void give(std::uint64_t offset, std::uint64_t size)
    {
        EXPECT_TRUE(free.add({ram.range().start + offset, size}));
    }

    std::byte* pages(std::size_t count, std::size_t alignment = page_size)
    {
        const auto result = pool.allocate_pages(count, alignment);
        EXPECT_TRUE(result);
        if (!result) return nullptr;
        EXPECT_TRUE(is_aligned(reinterpret_cast<std::uintptr_t>(*result), alignment));
        EXPECT_TRUE(std::all_of(*result, *result + count * page_size,
                                [](std::byte byte) { return byte == std::byte{0}; }));
        return *result;
    }

    /// Aligned so that the biggest request of these tests depends on nothing else.
    PhysicalMemory ram{16_MiB, 16_MiB};
    PhysicalRanges free;
    PagePool pool;
};

TEST_F(PagePoolTest, takes_no_memory_before_it_is_needed)
{
    EXPECT_EQ(pool.size(), 0U);
    EXPECT_EQ(pool.used(), 0U);
    EXPECT_EQ(free.total(), 16_MiB);
    EXPECT_EQ(ram.mapped_pages(), 0U);
}

TEST_F(PagePoolTest, grows_by_a_chunk_and_maps_only_that)
{
    pages(1);
    EXPECT_EQ(pool.size(), chunk);
    EXPECT_EQ(pool.used(), page_size);
    EXPECT_EQ(free.total(), 16_MiB - chunk);
    EXPECT_EQ(ram.mapped_pages(), chunk / page_size);
}

TEST_F(PagePoolTest, pages_are_zero_aligned_and_nobody_elses)
{
    std::vector<std::pair<std::byte*, std::byte*>> given;
    for (const std::size_t count : {1U, 3U, 1U, 2U, 16U, 1U, 512U, 700U, 2U}) {
        for (const std::size_t alignment : {page_size, 2 * page_size, 16 * page_size}) {
            auto* const start = pages(count, alignment);
            ASSERT_NE(start, nullptr);
            auto* const end = start + count * page_size;
            for (const auto& [other_start, other_end] : given)
                EXPECT_TRUE(end <= other_start || other_end <= start);
            std::fill(start, end, std::byte{0xff});
            given.emplace_back(start, end);
        }
    }
}

TEST_F(PagePoolTest, a_chunk_that_follows_the_last_one_loses_nothing)
{
    auto* const first = pages(400);
    auto* const second = pages(400);
    EXPECT_EQ(second, first + 400 * page_size);
    EXPECT_EQ(pool.size(), 2 * chunk);
    EXPECT_EQ(pool.used(), 800 * page_size);
}

TEST_F(PagePoolTest, a_chunk_somewhere_else_leaves_the_rest_of_the_last_one)
{
    EXPECT_TRUE(free.remove({ram.range().start + chunk, chunk}));
    auto* const first = pages(400);
    auto* const second = pages(400);
    EXPECT_EQ(second, first + 2 * chunk);
    EXPECT_EQ(pool.size(), 2 * chunk);
    EXPECT_EQ(pool.used(), chunk + 400 * page_size);
}

TEST_F(PagePoolTest, more_than_a_chunk_comes_in_one_piece)
{
    pages(1);
    pages(3 * chunk / page_size);
    EXPECT_EQ(pool.size(), 4 * chunk);
}

TEST_F(PagePoolTest, aligns_to_more_than_a_chunk)
{
    pages(1);
    pages(1, 8_MiB);
    pages(1, 4_MiB);
}

TEST_F(PagePoolTest, without_ram_there_is_no_memory)
{
    PagePool orphan;
    EXPECT_EQ(orphan.allocate_pages(1), failure(Error::out_of_memory));
    EXPECT_EQ(orphan.allocate_bytes(1, 1), failure(Error::out_of_memory));
}

TEST_F(PagePoolTest, what_is_too_much_leaves_room_for_less)
{
    pages(1);
    EXPECT_EQ(pool.allocate_pages(16_MiB / page_size), failure(Error::out_of_memory));
    EXPECT_EQ(pool.size(), chunk);
    for (std::size_t i = 1; i < 16_MiB / page_size; ++i)
        ASSERT_NE(pages(1), nullptr);
    EXPECT_EQ(pool.used(), 16_MiB);
    EXPECT_EQ(pool.allocate_pages(1), failure(Error::out_of_memory));
}

TEST_F(PagePoolTest, a_piece_smaller_than_a_chunk_is_no_use)
{
    EXPECT_TRUE(free.remove({ram.range().start, 16_MiB}));
    give(page_size, chunk);
    EXPECT_EQ(pool.allocate_pages(1), failure(Error::out_of_memory));
    give(chunk, chunk);
    pages(1);
}

TEST_F(PagePoolTest, bytes_are_zero_and_packed)
{
    const auto first = pool.allocate_bytes(3, 1);
    const auto second = pool.allocate_bytes(8, 8);
    const auto third = pool.allocate_bytes(100, 64);
    ASSERT_TRUE(first && second && third);
    EXPECT_EQ(*second, *first + 8);
    EXPECT_EQ(*third, *first + 64);
    EXPECT_TRUE(std::all_of(*first, *third + 100, [](std::byte byte) {
        return byte == std::byte{0} || byte == std::byte{0xee}; // what lies between was not given
    }));
    EXPECT_TRUE(
        std::all_of(*third, *third + 100, [](std::byte byte) { return byte == std::byte{0}; }));
}

struct Sample {
    explicit Sample(std::uint32_t value) : number(value) {}
    std::uint32_t number;
    std::uint64_t untouched = 7;
};

struct alignas(cache_line) Item {
    std::uint64_t number;
};

TEST_F(PagePoolTest, objects_are_constructed_in_it)
{
    EXPECT_TRUE(pool.allocate_bytes(1, 1));
    const auto sample = pool.create<Sample>(5U);
    ASSERT_TRUE(sample);
    EXPECT_EQ((*sample)->number, 5U);
    EXPECT_EQ((*sample)->untouched, 7U);

    const auto items = pool.create_array<Item>(10);
    ASSERT_TRUE(items);
    ASSERT_EQ(items->size(), 10U);
    for (const auto& item : *items) {
        EXPECT_TRUE(is_aligned(reinterpret_cast<std::uintptr_t>(&item), cache_line));
        EXPECT_EQ(item.number, 0U);
    }
}

} // namespace
} // namespace bulkhead::memory
