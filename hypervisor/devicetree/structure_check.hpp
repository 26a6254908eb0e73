#pragma once

#include <cstddef>
#include <span>

namespace bulkhead::devicetree {

/// Whether the tree's structure block (Devicetree Specification 0.4, 5.4) is one root node,
/// properly nested to at most `max_depth` levels, and ends; with every name and value inside of the
/// tree.
///
/// Debian's libfdt 1.6.1 believes a property's length without this, and goes round in circles or
/// out of the tree with one of 2 GiB and more: fdt_check_full as well. The header has to be checked
/// before (fdt_check_header), so that the blocks are inside of `tree`.
bool is_sound_structure(std::span<const std::byte> tree, int max_depth);

} // namespace bulkhead::devicetree
