#pragma once
#include "domain_image.hpp"
#include "machine_facts.hpp"
#include "system_description.hpp"

/// The rules a system description has to keep, beyond its form.
namespace bulkhead::tool {

/// What the machine has: from the description, or from the tree it names.
std::optional<MachineFacts> check_machine(const MachineDescription& machine,
                                          const std::filesystem::path& folder, Problems& problems);

/// Names, command lines, interrupts.
void check_domains(const SystemDescription& description, Problems& problems);

/// Whether everybody's memory fits, the hypervisor's and the images' included, and whether each
/// domain has room for its own images.
void check_memory(const SystemDescription& description, const MachineFacts& machine,
                  const std::vector<DomainImage>& images, Problems& problems);

/// RAM that the hypervisor keeps for itself: its image and heap, and tables for the domains.
inline constexpr std::uint64_t hypervisor_memory = 16ULL * 1024 * 1024;

} // namespace bulkhead::tool
