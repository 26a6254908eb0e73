#pragma once

#include "kit/board.hpp"
#include "kit/device_tree.hpp"

namespace bulkhead::guest {

/// Read what the kit needs to know; what the tree does not have stays as Board has it.
/// Also tells Cpu which CPUs there are.
Board board_from(const DeviceTree& tree);

} // namespace bulkhead::guest
