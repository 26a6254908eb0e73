#include "memory/stage2_map.hpp"

#include "base/bits.hpp"
#include "machine/memory.hpp"
#include "machine/physical_memory.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <optional>
#include <random>

namespace bulkhead::memory {
namespace {

using namespace literals;
using test::PhysicalMemory;

constexpr std::array<std::uint64_t, 3> spans{1_GiB, 2_MiB, 4_KiB}; // of levels 1, 2, 3

/// What the hardware finds for an address.
struct Found {
    std::uint64_t address;
    std::uint64_t span;
    Stage2Access access;

    bool operator==(const Found&) const = default;
};

/// The hardware's walk, read from the manual and not from the code under test: Arm ARM D8.2 and
/// D8.3, 4 KiB granule, starting at level 1. Fails on descriptors that no map should have.
std::optional<Found> walk(const Stage2Map& map, std::uint64_t guest)
{
    auto table = map.vttbr() & bits(47, 1);
    for (unsigned level = 1; level <= 3; ++level) {
        const unsigned low = 39 - 9 * level;
        const auto index = level == 1 ? guest >> low : guest >> low & 0x1ff;
        std::uint64_t entry = 0;
        std::memcpy(&entry, machine::pointer_to(PhysicalAddress{table}) + 8 * index, 8);
        if ((entry & 1) == 0) {
            EXPECT_EQ(entry, 0U);
            return std::nullopt;
        }
        if (level < 3 && (entry & 2) != 0) {
            EXPECT_EQ(entry & ~bits(47, 12), 3U) << "a table has no attributes";
            table = entry & bits(47, 12);
            continue;
        }
        EXPECT_EQ(entry & 2, level == 3 ? 2U : 0U);
        constexpr std::uint64_t common = bit(10) | 3U << 8 | 3U << 6; // AF, inner, read and write
        constexpr std::uint64_t ram = common | 0xfU << 2;             // Normal write-back
        constexpr std::uint64_t device = bit(54) | common | 1U << 2;  // XN, Device-nGnRE
        const auto attributes = entry & (bits(63, 48) | bits(11, 2));
        EXPECT_TRUE(attributes == ram || attributes == device) << std::hex << entry;
        const auto address = entry & bits(47, 12);
        EXPECT_TRUE(is_aligned(address, std::uint64_t{1} << low)) << std::hex << entry;
        const auto offset = guest & (bit(low) - 1);
        return Found{address + offset, bit(low),
                     attributes == ram ? Stage2Access::ram : Stage2Access::device};
    }
    return std::nullopt;
}

/// The walk of an address that must be mapped.
Found mapped_at(const Stage2Map& map, std::uint64_t guest)
{
    const auto found = walk(map, guest);
    EXPECT_TRUE(found) << std::hex << guest;
    return found.value_or(Found{});
}

class Stage2MapTest : public testing::Test {
public:
    ~Stage2MapTest() override { test::set_physical_address_bits(48); }

protected:
    explicit Stage2MapTest(std::uint64_t ram_size = 32_MiB) : ram(ram_size)
    {
        EXPECT_TRUE(free.add(ram.range()));
        pool.use(free);
    }

    Stage2Map new_map(std::uint16_t vmid = 1)
    {
        auto map = Stage2Map::create(pool, vmid);
        EXPECT_TRUE(map);
        return *map;
    }

    PhysicalMemory ram;
    PhysicalRanges free;
    PagePool pool;
};

Result<void> map_ram(Stage2Map& map, std::uint64_t guest, std::uint64_t host, std::uint64_t size)
{
    return map.map(GuestAddress{guest}, PhysicalAddress{host}, size, Stage2Access::ram);
}

TEST_F(Stage2MapTest, a_new_map_is_empty)
{
    const auto map = new_map();
    for (const auto guest : {0_GiB, 1_GiB, 512_GiB, 1024_GiB - page_size}) {
        EXPECT_EQ(walk(map, guest), std::nullopt);
        EXPECT_FALSE(map.translate(GuestAddress{guest}));
    }
}

TEST_F(Stage2MapTest, vttbr_has_the_vmid_and_both_root_tables)
{
    EXPECT_TRUE(pool.allocate_pages(1)); // so that the next page is not aligned by chance
    const auto map = new_map(0xab);
    EXPECT_EQ(map.vttbr() >> 48, 0xabU);
    EXPECT_EQ(map.vmid(), 0xab);
    EXPECT_EQ(map.vttbr() & bits(47, 0), map.root().value());
    EXPECT_TRUE(is_aligned(map.root().value(), 8_KiB));
    EXPECT_NE(new_map(2).root(), map.root());
}

TEST_F(Stage2MapTest, the_largest_blocks_that_fit_are_used)
{
    auto map = new_map();
    // 4 KiB, 2 MiB, 1 GiB, 2 MiB, 4 KiB: a range that begins and ends a page beside a block.
    const auto start = 1_GiB - 2_MiB - page_size;
    const auto end = 2_GiB + 2_MiB + page_size;
    ASSERT_TRUE(map_ram(map, start, 8_GiB + start, end - start));
    for (const auto& [guest, span] :
         {std::pair{start, 4_KiB}, std::pair{1_GiB - 2_MiB, 2_MiB}, std::pair{1_GiB, 1_GiB},
          std::pair{2_GiB, 2_MiB}, std::pair{2_GiB + 2_MiB, 4_KiB}}) {
        EXPECT_EQ(walk(map, guest), (Found{8_GiB + guest, span, Stage2Access::ram}));
        EXPECT_EQ(mapped_at(map, guest + span - 1).address, 8_GiB + guest + span - 1);
        const auto translation = map.translate(GuestAddress{guest + 8});
        ASSERT_TRUE(translation);
        EXPECT_EQ(translation->address, PhysicalAddress{8_GiB + guest + 8});
        EXPECT_EQ(translation->contiguous, span - 8);
    }
    EXPECT_EQ(walk(map, start - 1), std::nullopt);
    EXPECT_EQ(walk(map, end), std::nullopt);
}

TEST_F(Stage2MapTest, a_block_needs_the_host_aligned_as_well)
{
    auto map = new_map();
    ASSERT_TRUE(map_ram(map, 1_GiB, 5_GiB + 2_MiB, 1_GiB));
    EXPECT_EQ(mapped_at(map, 1_GiB).span, 2_MiB);
    ASSERT_TRUE(map_ram(map, 4_GiB, 8_GiB + page_size, 2_MiB));
    EXPECT_EQ(mapped_at(map, 4_GiB).span, 4_KiB);
}

TEST_F(Stage2MapTest, devices_are_not_executed)
{
    auto map = new_map();
    ASSERT_TRUE(map.map(GuestAddress{0x0900'0000}, PhysicalAddress{0xff00'0000}, page_size,
                        Stage2Access::device));
    EXPECT_EQ(walk(map, 0x0900'0004), (Found{0xff00'0004, 4_KiB, Stage2Access::device}));
}

TEST_F(Stage2MapTest, both_ends_of_the_address_space_can_be_mapped)
{
    auto map = new_map();
    ASSERT_TRUE(map_ram(map, 0, 4_GiB, page_size));
    ASSERT_TRUE(map_ram(map, 1024_GiB - page_size, 4_GiB, page_size));
    EXPECT_EQ(mapped_at(map, 0).address, 4_GiB);
    EXPECT_EQ(mapped_at(map, 1024_GiB - 1).address, 4_GiB + page_size - 1);
    // Level 1 is two tables in a row: the second one is not the first one again.
    EXPECT_EQ(walk(map, 512_GiB), std::nullopt);
}

TEST_F(Stage2MapTest, beyond_the_address_space_is_out_of_range)
{
    auto map = new_map();
    EXPECT_EQ(map_ram(map, 1024_GiB, 0, page_size), failure(Error::out_of_range));
    EXPECT_EQ(map_ram(map, 1024_GiB - page_size, 0, 2 * page_size), failure(Error::out_of_range));
    EXPECT_EQ(map_ram(map, ~std::uint64_t{0} - 0xfff, 0, 2 * page_size),
              failure(Error::out_of_range));
    EXPECT_EQ(walk(map, 1024_GiB - page_size), std::nullopt);
    EXPECT_EQ(map.translate(GuestAddress{1024_GiB}).error(), Error::bad_address);
    EXPECT_EQ(map.translate(GuestAddress{~std::uint64_t{0}}).error(), Error::bad_address);
}

TEST_F(Stage2MapTest, the_address_space_is_no_larger_than_the_cpus)
{
    test::set_physical_address_bits(36);
    auto map = new_map();
    EXPECT_EQ(map_ram(map, 64_GiB, 0, page_size), failure(Error::out_of_range));
    EXPECT_TRUE(map_ram(map, 64_GiB - page_size, 0, page_size));
}

TEST_F(Stage2MapTest, what_is_not_whole_pages_is_invalid)
{
    auto map = new_map();
    EXPECT_EQ(map_ram(map, 0x1800, 0x1000, page_size), failure(Error::invalid));
    EXPECT_EQ(map_ram(map, 0x1000, 0x1800, page_size), failure(Error::invalid));
    EXPECT_EQ(map_ram(map, 0x1000, 0x1000, 0x1800), failure(Error::invalid));
    EXPECT_EQ(walk(map, 0x1000), std::nullopt);
}

TEST_F(Stage2MapTest, what_is_mapped_stays)
{
    auto map = new_map();
    ASSERT_TRUE(map_ram(map, 2_MiB, 1_GiB, page_size)); // a page
    ASSERT_TRUE(map_ram(map, 4_MiB, 1_GiB, 2_MiB));     // a block
    for (const auto& [guest, size] :
         {std::pair{2_MiB, 4_KiB}, std::pair{2_MiB, 2_MiB}, std::pair{4_MiB, 2_MiB},
          std::pair{4_MiB + page_size, 4_KiB}, std::pair{0_GiB, 1_GiB}})
        EXPECT_EQ(map_ram(map, guest, 8_GiB + guest, size), failure(Error::exists)) << guest;
    EXPECT_EQ(mapped_at(map, 2_MiB).address, 1_GiB);
    EXPECT_EQ(mapped_at(map, 4_MiB).address, 1_GiB);
    EXPECT_EQ(mapped_at(map, 4_MiB).span, 2_MiB);
}

TEST_F(Stage2MapTest, walkers_are_told)
{
    auto map = new_map();
    const auto before = test::table_publications();
    ASSERT_TRUE(map_ram(map, 0, 0, page_size));
    EXPECT_GT(test::table_publications(), before);
}

TEST_F(Stage2MapTest, a_pool_without_memory_is_out_of_memory)
{
    auto map = new_map();
    while (pool.allocate_pages(1))
        ;
    EXPECT_EQ(map_ram(map, 0, 0, page_size), failure(Error::out_of_memory));
    EXPECT_TRUE(map_ram(map, 1_GiB, 1_GiB, 1_GiB)) << "a block of level 1 needs no table";
    EXPECT_EQ(Stage2Map::create(pool, 2).error(), Error::out_of_memory);
}

/// Arm ARM D17.2.150: T0SZ, SL0 = 1 (level 1 at 4 KiB), IRGN0, ORGN0, SH0, TG0 = 0, PS, RES1.
TEST_F(Stage2MapTest, vtcr_says_what_the_tables_are)
{
    struct Case {
        unsigned bits, t0sz, ps;
    };
    for (const auto& c : {Case{32, 32, 0}, Case{36, 28, 1}, Case{40, 24, 2}, Case{42, 24, 3},
                          Case{44, 24, 4}, Case{48, 24, 5}}) {
        test::set_physical_address_bits(c.bits);
        EXPECT_EQ(Stage2Map::vtcr().raw(), 0x8000'3540U | c.t0sz | c.ps << 16) << c.bits;
        EXPECT_EQ(Stage2Map::address_bits(), 64 - c.t0sz);
    }
}

/// What was mapped, by its first guest address: whole blocks and pages.
class Model {
public:
    struct Piece {
        std::uint64_t host;
        std::uint64_t span;
        Stage2Access access;
    };

    [[nodiscard]] bool is_free(std::uint64_t guest, std::uint64_t size) const
    {
        if (size == 0) return true;
        const auto above = pieces_.lower_bound(guest);
        if (above != pieces_.end() && above->first < guest + size) return false;
        if (above == pieces_.begin()) return true;
        const auto& [start, piece] = *std::prev(above);
        return start + piece.span <= guest;
    }

    /// In the largest pieces that fit, up to the first that is taken.
    void map(std::uint64_t guest, std::uint64_t host, std::uint64_t size, Stage2Access access)
    {
        while (size != 0) {
            const auto span = *std::ranges::find_if(
                spans, [&](std::uint64_t s) { return s <= size && is_aligned(guest | host, s); });
            if (!is_free(guest, span)) return;
            pieces_[guest] = {host, span, access};
            guest += span;
            host += span;
            size -= span;
        }
    }

    [[nodiscard]] std::optional<Found> find(std::uint64_t guest) const
    {
        const auto above = pieces_.upper_bound(guest);
        if (above == pieces_.begin()) return std::nullopt;
        const auto& [start, piece] = *std::prev(above);
        if (guest - start >= piece.span) return std::nullopt;
        return Found{piece.host + (guest - start), piece.span, piece.access};
    }

    [[nodiscard]] const auto& pieces() const { return pieces_; }

private:
    std::map<std::uint64_t, Piece> pieces_;
};

class Stage2MapRandomTest : public Stage2MapTest {
protected:
    Stage2MapRandomTest() : Stage2MapTest(256_MiB) {}
};

TEST_F(Stage2MapRandomTest, always_translates_as_the_model_does)
{
    for (unsigned seed = 0; seed < 40; ++seed) {
        std::mt19937_64 random{seed};
        const auto below = [&](std::uint64_t limit) { return random() % limit; };
        auto map = new_map();
        Model model;
        for (int step = 0; step < 60; ++step) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
            // Guest and host on a boundary of their own, and a size with an end on any.
            const auto guest = align_down(below(8_GiB), spans.at(below(3)));
            const auto host = align_down(below(256_GiB), spans.at(below(3)));
            auto size =
                spans.at(below(3)) * below(3) + spans.at(1) * below(3) + spans.at(2) * below(5);
            // A GiB in pages is 2 MiB of tables: rarely.
            if (!is_aligned(guest | host, 2_MiB)) size %= 16_MiB;
            const auto access = below(4) == 0 ? Stage2Access::device : Stage2Access::ram;

            const bool free_before = model.is_free(guest, size);
            const auto mapped = map.map(GuestAddress{guest}, PhysicalAddress{host}, size, access);
            if (free_before)
                ASSERT_TRUE(mapped);
            else
                ASSERT_EQ(mapped, failure(Error::exists));
            model.map(guest, host, size, access);

            for (int look = 0; look < 50; ++look) {
                // Near an edge of something, or anywhere.
                auto address = below(9_GiB);
                if (!model.pieces().empty() && below(3) != 0) {
                    const auto& [start, piece] =
                        *std::next(model.pieces().begin(),
                                   static_cast<std::ptrdiff_t>(below(model.pieces().size())));
                    const std::array edges{start, start + piece.span, start + below(piece.span)};
                    address = edges.at(below(3)) - below(2);
                }
                const auto expected = model.find(address);
                ASSERT_EQ(walk(map, address & bits(39, 0)), model.find(address & bits(39, 0)));
                const auto translation = map.translate(GuestAddress{address});
                ASSERT_EQ(translation.has_value(), expected.has_value());
                if (!expected) continue;
                ASSERT_EQ(translation->address.value(), expected->address);
                ASSERT_EQ(translation->contiguous, expected->span - address % expected->span);
            }
        }
    }
}

} // namespace
} // namespace bulkhead::memory
