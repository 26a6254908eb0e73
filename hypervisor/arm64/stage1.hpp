#pragma once

#include "arm64/stage1_entry.hpp"
#include "base/types.hpp"

namespace bulkhead::arm64 {

/// EL2's own address space after the boot tables. Boot CPU only, until the first guest runs; from
/// then on only what was mapped before and unmapped is mapped again, which takes no table, and by
/// whoever it is for.

/// Where new translation tables come from: the few of the image, until there is a page pool and
/// when that pool itself grows, or the pool.
enum class TableSource : std::uint8_t { image, page_pool };

/// Maps pages at a virtual address; replaces nothing: what is mapped already stays as it is.
void map_stage1(std::uint64_t address, PhysicalAddress physical, std::size_t size, Access access,
                TableSource tables);
/// The entry of the last level for an address whose neighbours are mapped as pages.
Stage1Entry& stage1_entry(std::uint64_t address);
void unmap_stage1(std::uint64_t address, std::size_t size);

/// Where the image lies, so that its tables and variables have a physical address.
void set_image_location(PhysicalAddress start);
[[nodiscard]] PhysicalAddress image_location();

/// The entry code's identity map goes away: the last secondary CPU is up.
void remove_identity_map();

/// What is READ_ONLY_AFTER_BOOT is read-only from now on, and so are the tables that map the image.
void end_boot_writes();

} // namespace bulkhead::arm64
