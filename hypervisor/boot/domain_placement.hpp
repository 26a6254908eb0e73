#pragma once

#include "base/report.hpp"
#include "boot/domain_description.hpp"

namespace bulkhead::boot {

/// Gives every vCPU of every domain a CPU of its own (DomainDescription::cpus), within their
/// hard-affinity and low numbers first, whenever that is possible at all. A domain for which it is
/// not, beside those before it, is reported as wrong.
void place_vcpus(DomainDescriptions& domains, unsigned cpu_count, Report& report);
/// Where CPUs are shared: where each vCPU begins, within its hard-affinity, one after the other. A
/// domain with vpmu or sve is reported as wrong: neither a PMU nor vectors move with a vCPU.
void spread_vcpus(DomainDescriptions& domains, unsigned cpu_count, Report& report);

} // namespace bulkhead::boot
