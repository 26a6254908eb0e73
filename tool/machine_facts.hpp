#pragma once
#include "device_tree.hpp"
#include "memory_range.hpp"
#include "system_description.hpp"

#include <optional>

namespace bulkhead::tool {

/// What a described machine has.
struct MachineFacts {
    std::string title;            ///< "zcu102", "virt"
    std::vector<MemoryRange> ram; ///< by address
    std::uint32_t cpus = 0;
    std::uint32_t gic = 0;            ///< 2 or 3
    std::vector<NamedRange> reserved; ///< RAM that is not free for modules or domains

    [[nodiscard]] std::uint64_t ram_size() const;
};

/// The facts of zcu102 and virt, from the description alone. What the machine cannot be is added
/// to `problems`. Nothing for a board, whose tree has to be read.
std::optional<MachineFacts> facts_of_known_machine(const MachineDescription& machine,
                                                   Problems& problems);

/// The facts that a device tree states: /memory, /cpus, the interrupt controller, reservations.
MachineFacts facts_of_tree(const DeviceTree& tree);

} // namespace bulkhead::tool
