#pragma once

#include "base/types.hpp"
#include "machine/guest_memory.hpp"
#include "machine/guest_state.hpp"
#include "machine/running_vcpu.hpp"

#include <array>
#include <cstdint>

namespace bulkhead::machine {

/// What the processor's side keeps for each physical CPU.
struct PerCpu {
    CpuId id;
    /// What keeps a guest's branches from steering EL2's on this CPU (vectors.S); 0: nothing has
    /// to.
    std::uint32_t branch_barrier = 0;
    /// Answers to a guest's SMCCC_ARCH_FEATURES (machine/speculation.hpp).
    std::array<std::int8_t, 3> workarounds = {};
    /// MPIDR_EL1's affinity fields.
    std::uint64_t affinity = 0;
    /// Ranks of the locks this CPU holds, a bit each (base/lock.hpp).
    std::uint32_t held_locks = 0;
    /// The page that each machine::Window shows, with bit 0 set; 0: none yet.
    std::array<std::uint64_t, windows> in_window = {};
    /// The vCPU that last ran with each VMID (modulo their number).
    std::array<const GuestState*, max_cpus> last_with_vmid = {};
    /// What the CPU runs when it has no guest.
    RunningVcpu idle;
};

} // namespace bulkhead::machine

namespace bulkhead::arm64 {

inline constexpr std::uint64_t affinity_mask = 0xff00'ff'ffff;

machine::PerCpu& per_cpu(CpuId cpu);

/// TPIDR_EL2: what this CPU runs.
machine::RunningVcpu& running();
void set_running(machine::RunningVcpu& vcpu);

/// The calling CPU becomes `cpu` and idles; before anything that asks which CPU it is.
void start_per_cpu(CpuId cpu);
/// How many CPUs take part.
void set_cpu_count(std::uint32_t count);

} // namespace bulkhead::arm64
