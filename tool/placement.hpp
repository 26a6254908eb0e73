#pragma once
#include "machine_facts.hpp"
#include "memory_range.hpp"

#include <optional>
#include <string>
#include <vector>

/// Where the boot loader puts what has to be in memory before the hypervisor starts.
namespace bulkhead::tool {

/// Something to be placed.
struct PlacementRequest {
    std::string name; ///< for messages: "linux's kernel"
    std::uint64_t size = 0;
    std::optional<std::uint64_t> address; ///< where the user wants it
    Origin origin{};                      ///< what to blame if it does not fit
};

/// Places all requests in RAM, in order and clear of `taken` and of each other; those with an
/// address first, where they want to be. The result is parallel to the requests. What cannot be
/// placed is added to `problems`.
std::vector<MemoryRange> place(const std::vector<PlacementRequest>& requests,
                               const MachineFacts& machine, std::vector<NamedRange> taken,
                               Problems& problems);

/// Where the hypervisor goes when the description does not say.
std::uint64_t default_hypervisor_address(const MachineFacts& machine);

/// What a boot loader needs for itself and for the files it reads first, and what QEMU puts into
/// RAM of its own accord: never used for modules.
std::vector<NamedRange> ranges_kept_clear(const MachineFacts& machine);

} // namespace bulkhead::tool
