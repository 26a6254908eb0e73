#pragma once

#include "base/types.hpp"

namespace bulkhead::machine {

/// The system counter, ordered after everything before it.
[[nodiscard]] Ticks now();
/// Ticks of the counter in a second.
[[nodiscard]] std::uint64_t ticks_per_second();

} // namespace bulkhead::machine
