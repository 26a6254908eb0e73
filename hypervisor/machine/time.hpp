#pragma once

#include "base/types.hpp"

namespace bulkhead::machine {

/// The system counter, ordered after everything before it.
[[nodiscard]] Ticks now();
/// Ticks of the counter in a second.
[[nodiscard]] std::uint64_t ticks_per_second();

/// upcall::alarm() comes once, on the calling CPU, when the counter reaches `at`. There is one
/// alarm for each CPU: a new one takes the place of the old.
void set_alarm(Ticks at);
inline constexpr Ticks never{~std::uint64_t{0}};

} // namespace bulkhead::machine
