#pragma once

#include "base/result.hpp"
#include "devicetree/node.hpp"
#include "memory/physical_ranges.hpp"

#include <cstddef>

namespace bulkhead::devicetree {

/// Entry `index` of a property that lists <address size> pairs in the cells of the node's parent,
/// as it is written. no_entry past the end, invalid if it is cut short or wraps around.
Result<memory::PhysicalRange> written_range(const Node& node, std::string_view property,
                                            std::size_t index);

/// The same of a list in these cells.
Result<memory::PhysicalRange> written_range(const Property& list, std::size_t index,
                                            std::uint64_t address_cells, std::uint64_t size_cells);

/// Entry `index` of the node's reg as the CPU sees it: translated by the ranges of every bus above
/// it (Devicetree Specification 0.4, 2.3.8). bad_address when a bus does not pass it on.
Result<memory::PhysicalRange> registers(const Node& node, std::size_t index);

} // namespace bulkhead::devicetree
