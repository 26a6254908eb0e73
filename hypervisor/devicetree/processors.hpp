#pragma once

#include "base/fixed_vector.hpp"
#include "base/report.hpp"
#include "base/types.hpp"
#include "devicetree/tree.hpp"

#include <cstdint>
#include <span>

namespace bulkhead::devicetree {

/// How a CPU that is off is started.
enum class EnableMethod : std::uint8_t { none, psci, spin_table };

struct Processor {
    /// The affinity fields of its MPIDR_EL1: Aff3 in bits 39-32, Aff2-Aff0 in bits 23-0.
    std::uint64_t affinity = 0;
    EnableMethod enable_method = EnableMethod::none;
    /// spin_table: where it waits for the address of its first instruction.
    PhysicalAddress release_address{};
};

struct Processors {
    /// Indexed by CpuId: the boot CPU, then the others in the tree's order.
    FixedVector<Processor, max_cpus> all;
    /// compatible of the tree's first CPU, a list of strings, and its clock-frequency or 0: what
    /// guests are told about theirs.
    std::span<const std::byte> compatible;
    std::uint32_t clock_frequency = 0;

    /// The CpuId of that node's; max_cpus if it is none's.
    [[nodiscard]] unsigned number_of(const Node& node) const;
};

/// The CPUs below /cpus. `boot_affinity` is the running CPU's. Nodes that cannot be used are
/// reported and left out; failure when the running CPU is not there.
Result<void> read_processors(const Tree& tree, std::uint64_t boot_affinity, Processors& processors,
                             Report& report);

} // namespace bulkhead::devicetree
