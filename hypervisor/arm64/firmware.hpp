#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <cstdint>

/// Calls to the firmware below, by the SMC calling convention (Arm DEN0028).
namespace bulkhead::arm64 {

/// There is firmware that answers SMC; until then every call is "not supported".
void use_firmware();

std::uint64_t call_firmware(std::uint64_t function, std::uint64_t a1 = 0, std::uint64_t a2 = 0,
                            std::uint64_t a3 = 0);

/// Starts a CPU at secondary_entry with `cpu` as its number: PSCI CPU_ON by `function`, or a
/// spin-table's release address.
Result<void> start_cpu(std::uint64_t function, std::uint64_t affinity, CpuId cpu);
Result<void> release_spin_table(PhysicalAddress release_address, std::uint64_t affinity, CpuId cpu);

} // namespace bulkhead::arm64
