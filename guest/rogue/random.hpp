#pragma once

#include <cstdint>
#include <iterator>

namespace bulkhead::guest::rogue {

/// Numbers that a seed decides: splitmix64.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) : state_{seed} {}

    constexpr std::uint64_t next()
    {
        state_ += 0x9e37'79b9'7f4a'7c15;
        auto mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58'476d'1ce4'e5b9;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d0'49bb'1331'11eb;
        return mixed ^ (mixed >> 31U);
    }
    /// Less than `limit`.
    constexpr std::uint64_t below(std::uint64_t limit) { return next() % limit; }
    constexpr std::uint32_t number(std::uint32_t limit)
    {
        return static_cast<std::uint32_t>(below(limit));
    }
    constexpr bool one_in(std::uint64_t n) { return below(n) == 0; }
    template <class Container>
    constexpr auto& of(const Container& all)
    {
        return std::data(all)[below(std::size(all))];
    }

private:
    std::uint64_t state_;
};

} // namespace bulkhead::guest::rogue
