#pragma once

#include "base/types.hpp"

#include <cstddef>
#include <cstdint>

namespace bulkhead::machine {

enum class MapAccess : std::uint8_t { read_only, read_write, device };

/// Makes [start, start + size) reachable by this side, widened to whole pages, and returns where.
/// The address depends on `start` alone, so mapping twice is harmless. Boot only, one CPU; later
/// only what was unmapped, again.
std::byte* map_physical(PhysicalAddress start, std::size_t size, MapAccess access);
/// The same for the page pool's own growth, read-write: takes no page from the pool.
std::byte* map_pool_chunk(PhysicalAddress start, std::size_t size);
/// The opposite. Ranges that share a page with something that stays mapped must not be unmapped.
void unmap_physical(PhysicalAddress start, std::size_t size);

/// Where mapped physical memory is, and back.
[[nodiscard]] std::byte* pointer_to(PhysicalAddress address);
[[nodiscard]] PhysicalAddress physical_address_of(const void* pointer);

void clear_page(void* page);
/// Writes modified lines back to the point of coherency, for guests that run with caches off.
void clean_data_cache(const void* start, std::size_t size);
/// What was written there may be executed: instruction caches of all CPUs forget it.
void invalidate_instruction_caches();

/// Makes writes to a translation table visible to the walkers of all CPUs.
void publish_table_writes();
/// Removes every translation of one guest (stage 2 and combined) from all CPUs.
void flush_guest_translations(std::uint16_t vmid, PhysicalAddress root);

/// Bits of a host physical address, by ID_AA64MMFR0_EL1.PARange.
[[nodiscard]] unsigned physical_address_bits();

} // namespace bulkhead::machine
