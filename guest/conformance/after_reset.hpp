#pragma once

#include "kit/board.hpp"

namespace bulkhead::guest::conformance {

/// Read what a reset must have left, before the first write to the GIC.
void note_state_after_reset(const Board& board);

} // namespace bulkhead::guest::conformance
