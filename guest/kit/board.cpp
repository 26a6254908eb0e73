#include "kit/board.hpp"

#include <algorithm>

namespace bulkhead::guest {

std::uint64_t Board::memory_size() const
{
    std::uint64_t sum = 0;
    for (const auto& bank : memory_banks)
        sum += bank.size;
    return sum;
}

std::uint64_t Board::unused_address() const
{
    std::uint64_t end = 0;
    for (const auto& bank : memory_banks)
        end = std::max(end, bank.end());
    return end + (1ULL << 30U);
}

} // namespace bulkhead::guest
