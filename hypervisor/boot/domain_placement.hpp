#pragma once

#include "base/report.hpp"
#include "boot/domain_description.hpp"

namespace bulkhead::boot {

/// Gives every vCPU of a pool's domains one of the pool's `cpus` for itself
/// (DomainDescription::cpus), within their hard-affinity and low numbers first, whenever that is
/// possible at all. A domain for which it is not, beside those before it, is reported as wrong.
void place_vcpus(DomainDescriptions& domains, unsigned pool, CpuMask cpus, Report& report);
/// Where CPUs are shared: where each vCPU begins, within its hard-affinity and its soft-affinity if
/// that leaves any, one after the other. A domain with vpmu or sve is reported as
/// wrong: neither a PMU nor vectors move with a vCPU.
void spread_vcpus(DomainDescriptions& domains, unsigned pool, CpuMask cpus, Report& report);

} // namespace bulkhead::boot
