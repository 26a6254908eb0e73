#pragma once

#include "base/fixed_vector.hpp"
#include "base/report.hpp"
#include "boot/domain_description.hpp"
#include "devicetree/processors.hpp"
#include "devicetree/tree.hpp"
#include "sched/cpu_pool.hpp"

namespace bulkhead::boot {

/// CPUs and their scheduler: a `xen,cpupool` node below /chosen, or the CPUs that no node names.
struct PoolDescription {
    /// /chosen (or the root), where no node names the CPUs.
    devicetree::Node node{};
    /// Nothing runs on its CPUs.
    bool is_wrong = false;
    sched::Kind kind = sched::Kind::null;
    CpuMask cpus = 0;
};
/// The first, Pool-0, has CPU 0, and the domains that name no pool.
using PoolDescriptions = FixedVector<PoolDescription, sched::pools::most_pools>;

/// The pools, which domain is in which, and what its scheduler is to give it. `usual` is the
/// scheduler of pools that do not say. A domain is reported as wrong with what is wrong in it or in
/// its pool.
void read_pools(const devicetree::Tree& tree, const devicetree::Processors& processors,
                unsigned cpu_count, sched::Kind usual, DomainDescriptions& domains,
                PoolDescriptions& pools, Report& report);
/// From now on the CPUs are theirs; before the first domain comes.
void start_pools(const devicetree::Tree& tree, const DomainDescriptions& domains,
                 const PoolDescriptions& pools, const sched::Options& options);

/// What a scheduler is to give a vCPU of a domain that is not wrong.
sched::Parameters parameters_of(const DomainDescription& domain, unsigned vcpu);

/// The windows of arinc653; those of domains that are wrong are nobody's.
struct Schedule {
    FixedVector<sched::Arinc653Scheduler::Window, sched::Arinc653Scheduler::most_windows> windows;
    std::uint64_t major_frame_ns = 0;
};
/// That of a pool that is not wrong.
Schedule schedule_of(const PoolDescription& pool, const devicetree::Tree& tree,
                     const DomainDescriptions& domains);

} // namespace bulkhead::boot
