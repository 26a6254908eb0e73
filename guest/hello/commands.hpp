#pragma once

#include "kit/board.hpp"

#include <string_view>

namespace bulkhead::guest {

/// Do what one line of input says.
void run_command(const Board& board, std::string_view line);

/// What CPU 0 prepares before the first command: interrupt handlers.
void prepare_commands(const Board& board);

} // namespace bulkhead::guest
