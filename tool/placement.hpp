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

/// The start of RAM, which boot loaders and QEMU use: never for modules.
NamedRange range_of_boot_code(const MachineFacts& machine);

/// Where an emulator gets the stub that starts the hypervisor; within the range of boot code.
std::uint64_t boot_stub_address(const MachineFacts& machine);

} // namespace bulkhead::tool
