#pragma once

#include "boot/domain_builder.hpp"
#include "boot/domain_checks.hpp"
#include "device/console_mux.hpp"
#include "devicetree/tree.hpp"

#include <span>

namespace bulkhead::boot {

/// Builds all domains of the tree and starts them together, once all are built. Those with errors
/// are reported and left out. `occupied` is memory that boot modules must not be in. Returns how
/// many were started.
unsigned start_domains(const devicetree::Tree& tree, HostResources& host,
                       std::span<const Occupied> occupied, device::ConsoleMux& console,
                       Report& report);

} // namespace bulkhead::boot
