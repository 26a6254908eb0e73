#pragma once

#include "arm64/stage1_entry.hpp"

#include <cstdint>

namespace bulkhead::arm64 {

using Stage1Table = Stage1Entry[entries_per_table];

extern "C" {
/// EL2's top table: the image from the start, the rest by stage1.cpp.
extern Stage1Table boot_root_table;

/// Maps the image at its link address, and identically the entry code that switches the MMU on.
/// Runs with the MMU off, at the address where the image was loaded.
void build_boot_tables(std::uint64_t image_address);

extern const char image_start[], rodata_start[], data_start[], read_only_after_boot_start[],
    read_only_after_boot_end[], image_end[];
}

} // namespace bulkhead::arm64
