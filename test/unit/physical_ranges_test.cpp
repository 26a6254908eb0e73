#include "memory/physical_ranges.hpp"

#include "base/bits.hpp"

#include <array>
#include <bitset>
#include <gtest/gtest.h>
#include <optional>
#include <ostream>
#include <random>
#include <utility>
#include <vector>

namespace bulkhead::memory {

std::ostream& operator<<(std::ostream& out, const PhysicalRange& range)
{
    return out << std::hex << range.start.value() << '+' << range.size << std::dec;
}

namespace {

using namespace literals;

PhysicalRange range(std::uint64_t start, std::uint64_t size)
{
    return {PhysicalAddress{start}, size};
}

std::vector<PhysicalRange> pieces(const PhysicalRanges& ranges)
{
    return {ranges.all().begin(), ranges.all().end()};
}

using Pieces = std::vector<PhysicalRange>;

PhysicalRanges set_of(std::initializer_list<PhysicalRange> all)
{
    PhysicalRanges ranges;
    for (const auto& piece : all)
        EXPECT_TRUE(ranges.add(piece));
    return ranges;
}

/// As many pieces as there is room for, a page each, two pages apart.
PhysicalRanges full_set()
{
    PhysicalRanges ranges;
    for (std::size_t i = 0; i < PhysicalRanges::capacity; ++i)
        EXPECT_TRUE(ranges.add(range(0x10'0000 + i * 0x3000, 0x1000)));
    return ranges;
}

TEST(PhysicalRanges, starts_empty)
{
    const PhysicalRanges ranges;
    EXPECT_EQ(ranges.total(), 0U);
    EXPECT_TRUE(ranges.all().empty());
    EXPECT_EQ(ranges.largest(page_size), 0U);
    EXPECT_FALSE(ranges.contains(range(0, page_size)));
}

TEST(PhysicalRanges, pieces_are_in_ascending_order)
{
    const auto ranges =
        set_of({range(0x5000, 0x1000), range(0x1000, 0x1000), range(0x9000, 0x1000)});
    EXPECT_EQ(pieces(ranges),
              (Pieces{range(0x1000, 0x1000), range(0x5000, 0x1000), range(0x9000, 0x1000)}));
    EXPECT_EQ(ranges.total(), 0x3000U);
}

TEST(PhysicalRanges, neighbours_join)
{
    EXPECT_EQ(pieces(set_of({range(0x1000, 0x1000), range(0x2000, 0x1000)})),
              Pieces{range(0x1000, 0x2000)});
    EXPECT_EQ(pieces(set_of({range(0x2000, 0x1000), range(0x1000, 0x1000)})),
              Pieces{range(0x1000, 0x2000)});
    EXPECT_EQ(pieces(set_of({range(0x1000, 0x1000), range(0x3000, 0x1000), range(0x2000, 0x1000)})),
              Pieces{range(0x1000, 0x3000)});
}

TEST(PhysicalRanges, what_is_added_twice_counts_once)
{
    auto ranges = set_of({range(0x1000, 0x2000), range(0x5000, 0x1000), range(0x8000, 0x2000)});
    EXPECT_TRUE(ranges.add(range(0x2000, 0x7000)));
    EXPECT_EQ(pieces(ranges), Pieces{range(0x1000, 0x9000)});
    EXPECT_TRUE(ranges.add(range(0x3000, 0x1000)));
    EXPECT_EQ(pieces(ranges), Pieces{range(0x1000, 0x9000)});
}

TEST(PhysicalRanges, nothing_added_or_removed_changes_nothing)
{
    auto ranges = set_of({range(0x1000, 0x3000)});
    EXPECT_TRUE(ranges.add(range(0x9000, 0)));
    EXPECT_TRUE(ranges.remove(range(0x2000, 0)));
    EXPECT_TRUE(ranges.remove(range(0x4000, 0x1000)));
    EXPECT_TRUE(ranges.remove(range(0, 0x1000)));
    EXPECT_EQ(pieces(ranges), Pieces{range(0x1000, 0x3000)});
}

TEST(PhysicalRanges, removing_cuts_ends_and_holes)
{
    const auto whole = set_of({range(0x1000, 0x4000)});
    const auto without = [&](PhysicalRange part) {
        auto ranges = whole;
        EXPECT_TRUE(ranges.remove(part));
        return pieces(ranges);
    };
    EXPECT_EQ(without(range(0x1000, 0x1000)), Pieces{range(0x2000, 0x3000)});
    EXPECT_EQ(without(range(0, 0x2000)), Pieces{range(0x2000, 0x3000)});
    EXPECT_EQ(without(range(0x4000, 0x1000)), Pieces{range(0x1000, 0x3000)});
    EXPECT_EQ(without(range(0x4000, 0x9000)), Pieces{range(0x1000, 0x3000)});
    EXPECT_EQ(without(range(0x2000, 0x1000)),
              (Pieces{range(0x1000, 0x1000), range(0x3000, 0x2000)}));
    EXPECT_EQ(without(range(0x1000, 0x4000)), Pieces{});
}

TEST(PhysicalRanges, removing_spans_pieces)
{
    auto ranges = set_of({range(0x1000, 0x2000), range(0x5000, 0x1000), range(0x8000, 0x2000)});
    EXPECT_TRUE(ranges.remove(range(0x2000, 0x7000)));
    EXPECT_EQ(pieces(ranges), (Pieces{range(0x1000, 0x1000), range(0x9000, 0x1000)}));
}

TEST(PhysicalRanges, take_gives_the_lowest_aligned_place)
{
    auto ranges = set_of({range(0x1000, 0x2000), range(1_MiB, 6_MiB)});
    EXPECT_EQ(ranges.take(2_MiB, 2_MiB), PhysicalAddress{2_MiB});
    EXPECT_EQ(ranges.take(0x1000, 0x1000), PhysicalAddress{0x1000});
    EXPECT_EQ(ranges.take(0x2000, 0x1000), PhysicalAddress{1_MiB});
    EXPECT_EQ(pieces(ranges), (Pieces{range(0x2000, 0x1000), range(1_MiB + 0x2000, 1_MiB - 0x2000),
                                      range(4_MiB, 3_MiB)}));
}

TEST(PhysicalRanges, take_without_room_takes_nothing)
{
    auto ranges = set_of({range(1_MiB, 2_MiB), range(5_MiB, 2_MiB)});
    EXPECT_EQ(ranges.take(3_MiB, page_size), failure(Error::out_of_memory));
    EXPECT_EQ(ranges.take(2_MiB, 2_MiB), failure(Error::out_of_memory));
    EXPECT_EQ(ranges.take(page_size, 1_GiB), failure(Error::out_of_memory));
    EXPECT_EQ(ranges.total(), 4_MiB);
}

TEST(PhysicalRanges, the_end_of_the_address_space_is_no_place_to_align_past)
{
    auto ranges = set_of({range(~std::uint64_t{0} - 0x2fff, 0x2000)});
    EXPECT_EQ(ranges.take(0x1000, 2_MiB), failure(Error::out_of_memory));
    EXPECT_EQ(ranges.largest(2_MiB), 0U);
}

TEST(PhysicalRanges, one_piece_too_many_has_no_space_and_changes_nothing)
{
    auto ranges = full_set();
    const auto before = pieces(ranges);
    EXPECT_EQ(ranges.add(range(0x1000, 0x1000)), failure(Error::no_space));
    EXPECT_EQ(ranges.add(range(1_GiB, 0x1000)), failure(Error::no_space));
    EXPECT_EQ(pieces(ranges), before);

    // What joins needs no room, and what fills a gap makes some.
    EXPECT_TRUE(ranges.add(range(0x10'1000, 0x2000)));
    EXPECT_EQ(ranges.all()[0], range(0x10'0000, 0x4000));
    EXPECT_TRUE(ranges.add(range(1_GiB, 0x1000)));
}

TEST(PhysicalRanges, a_hole_too_many_has_no_space_and_changes_nothing)
{
    auto ranges = full_set();
    EXPECT_TRUE(ranges.remove(range(0x10'0000, 0x1000)));
    EXPECT_TRUE(ranges.add(range(1_GiB, 4_MiB)));
    const auto before = pieces(ranges);
    EXPECT_EQ(ranges.remove(range(1_GiB + 0x1000, 0x1000)), failure(Error::no_space));
    EXPECT_EQ(pieces(ranges), before);
    EXPECT_TRUE(ranges.remove(range(1_GiB, 0x1000)));
    EXPECT_EQ(ranges.take(0x1000, 2_MiB), failure(Error::no_space));
    EXPECT_EQ(ranges.take(2_MiB, 2_MiB), PhysicalAddress{1_GiB + 2_MiB});
}

/// The same set as a bit for every page.
class PageBitmap {
public:
    static constexpr std::size_t pages = 600;
    static constexpr std::uint64_t start = 0x4000'0000 - 40 * page_size;

    void set(std::size_t first, std::size_t count, bool value)
    {
        for (std::size_t page = first; page < first + count; ++page)
            present_[page] = value;
    }
    [[nodiscard]] bool has(std::size_t first, std::size_t count) const
    {
        for (std::size_t page = first; page < first + count; ++page)
            if (page >= pages || !present_[page]) return false;
        return true;
    }
    [[nodiscard]] std::optional<std::size_t> find(std::size_t count, std::uint64_t alignment) const
    {
        for (std::size_t page = 0; page + count <= pages; ++page)
            if (is_aligned(start + page * page_size, alignment) && has(page, count)) return page;
        return std::nullopt;
    }
    [[nodiscard]] std::uint64_t largest(std::uint64_t alignment) const
    {
        std::uint64_t size = 0;
        while (find((size + alignment) / page_size, alignment))
            size += alignment;
        return size;
    }
    [[nodiscard]] Pieces runs() const
    {
        Pieces all;
        for (std::size_t page = 0; page < pages; ++page) {
            if (!present_[page]) continue;
            if (page == 0 || !present_[page - 1]) all.push_back(range(start + page * page_size, 0));
            all.back().size += page_size;
        }
        return all;
    }
    [[nodiscard]] std::size_t count() const { return present_.count(); }

private:
    std::bitset<pages> present_;
};

PhysicalRange pages_of(std::size_t first, std::size_t count)
{
    return range(PageBitmap::start + first * page_size, count * page_size);
}

TEST(PhysicalRanges, always_are_what_a_bitmap_of_pages_is)
{
    constexpr std::array<std::uint64_t, 4> alignments{page_size, 4 * page_size, 32 * page_size,
                                                      128 * page_size};
    for (unsigned seed = 0; seed < 30; ++seed) {
        std::mt19937 random{seed};
        const auto below = [&](std::size_t limit) { return random() % limit; };
        PhysicalRanges ranges;
        PageBitmap model;
        for (int step = 0; step < 400; ++step) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
            const auto first = below(PageBitmap::pages);
            const auto count = below(std::min<std::size_t>(PageBitmap::pages - first, 50) + 1);
            switch (below(4)) {
            case 0:
            case 1:
                ASSERT_TRUE(ranges.add(pages_of(first, count)));
                model.set(first, count, true);
                break;
            case 2:
                ASSERT_TRUE(ranges.remove(pages_of(first, count)));
                model.set(first, count, false);
                break;
            default: {
                const auto size = 1 + below(40);
                const auto alignment = alignments[below(alignments.size())];
                const auto expected = model.find(size, alignment);
                const auto taken = ranges.take(size * page_size, alignment);
                ASSERT_EQ(taken.has_value(), expected.has_value());
                if (!expected) break;
                ASSERT_EQ(*taken, pages_of(*expected, 0).start);
                model.set(*expected, size, false);
            }
            }
            ASSERT_EQ(pieces(ranges), model.runs());
            ASSERT_EQ(ranges.total(), model.count() * page_size);
            ASSERT_EQ(ranges.contains(pages_of(first, count + 1)), model.has(first, count + 1));
            for (const auto alignment : alignments)
                ASSERT_EQ(ranges.largest(alignment), model.largest(alignment));
        }
    }
}

} // namespace
} // namespace bulkhead::memory
