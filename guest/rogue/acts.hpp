#pragma once

#include "rogue/random.hpp"

#include <span>
#include <string_view>

namespace bulkhead::guest::rogue {

/// A kind of hostile thing to do. It is run within an attempt.
struct Act {
    std::string_view name;
    unsigned weight; ///< how often, against the others
    void (*run)(Random& random);
};

std::span<const Act> instruction_acts();
std::span<const Act> call_acts();
std::span<const Act> machine_acts();

} // namespace bulkhead::guest::rogue
