#include "memory/physical_ranges.hpp"

#include "base/bits.hpp"

#include <algorithm>

namespace bulkhead::memory {

void PhysicalRanges::erase(std::size_t index)
{
    std::copy(ranges_.begin() + index + 1, ranges_.begin() + count_, ranges_.begin() + index);
    --count_;
}

Result<void> PhysicalRanges::insert(std::size_t index, PhysicalRange range)
{
    if (count_ == capacity) return failure(Error::no_space);
    std::copy_backward(ranges_.begin() + index, ranges_.begin() + count_,
                       ranges_.begin() + count_ + 1);
    ranges_[index] = range;
    ++count_;
    return {};
}

Result<void> PhysicalRanges::add(PhysicalRange range)
{
    if (range.size == 0) return {};
    std::size_t index = 0;
    while (index < count_ && ranges_[index].end() < range.start)
        ++index;
    // Swallow every range that touches the new one.
    while (index < count_ && ranges_[index].start <= range.end()) {
        const auto start = std::min(range.start, ranges_[index].start);
        const auto end = std::max(range.end(), ranges_[index].end());
        range = {start, end - start};
        erase(index);
    }
    return insert(index, range);
}

Result<void> PhysicalRanges::remove(PhysicalRange range)
{
    for (std::size_t index = 0; index < count_;) {
        const auto old = ranges_[index];
        if (range.size == 0 || old.end() <= range.start || range.end() <= old.start) {
            ++index;
            continue;
        }
        const PhysicalRange below{old.start, old.start < range.start ? range.start - old.start : 0};
        const PhysicalRange above{range.end(),
                                  range.end() < old.end() ? old.end() - range.end() : 0};
        if (below.size != 0 && above.size != 0) {
            if (auto inserted = insert(index + 1, above); !inserted) return inserted;
            ranges_[index] = below;
            index += 2;
        } else if (below.size != 0 || above.size != 0) {
            ranges_[index++] = below.size != 0 ? below : above;
        } else {
            erase(index);
        }
    }
    return {};
}

Result<PhysicalAddress> PhysicalRanges::take(std::uint64_t size, std::uint64_t alignment)
{
    for (const auto& range : all()) {
        const PhysicalAddress start{align_up(range.start.value(), alignment)};
        if (start < range.start || start - range.start > range.size) continue;
        if (range.size - (start - range.start) < size) continue;
        if (auto removed = remove({start, size}); !removed) return failure(removed.error());
        return start;
    }
    return failure(Error::out_of_memory);
}

std::uint64_t PhysicalRanges::largest(std::uint64_t alignment) const
{
    std::uint64_t best = 0;
    for (const auto& range : all()) {
        const auto start = align_up(range.start.value(), alignment);
        const auto end = align_down(range.end().value(), alignment);
        if (range.start.value() <= start && start < end) best = std::max(best, end - start);
    }
    return best;
}

std::uint64_t PhysicalRanges::total() const
{
    std::uint64_t sum = 0;
    for (const auto& range : all())
        sum += range.size;
    return sum;
}

bool PhysicalRanges::contains(PhysicalRange range) const
{
    return std::ranges::any_of(all(), [range](const PhysicalRange& piece) {
        return piece.start <= range.start && range.end() <= piece.end();
    });
}

} // namespace bulkhead::memory
