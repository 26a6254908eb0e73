// The partitioning profile: in place of what CMakeLists.txt leaves out of it. A tree that asks for
// that is told so, a guest that calls it gets what Xen answers to calls that there are not.

#include "base/bits.hpp"
#include "boot/complaints.hpp"
#include "boot/cpu_pools.hpp"
#include "boot/static_channels.hpp"
#include "domain/vcpu.hpp"
#include "machine/cpu.hpp"
#include "machine/upcalls.hpp"
#include "main/host.hpp"
#include "sched/null_scheduler.hpp"
#include "sched/trace.hpp"

namespace bulkhead {

namespace event {

Result<EventChannels::Storage*> EventChannels::allocate(memory::PagePool& /*pool*/)
{
    return nullptr;
}

EventChannels::EventChannels(DomainId id, device::Vgic& vgic, std::uint32_t vcpus, Storage* storage)
    : id_(id), vcpus_(vcpus), vgic_(vgic), storage_(storage)
{
}
EventChannels::~EventChannels() = default;
void EventChannels::refresh(VcpuId /*vcpu*/) {}
void EventChannels::set_stopped(bool /*stopped*/) {}

} // namespace event

namespace boot {

void check_channels(const devicetree::Tree& /*tree*/, DomainDescriptions& domains, Report& report)
{
    for (auto& domain : domains) {
        Complaints complaints{domain, report};
        if (domain.enhanced)
            complaints.wrong(domain.node, "xen,enhanced needs Xen's hypercalls, which this "
                                          "build (partitioning alone) has not");
        for (const auto node : domain.node.children())
            if (node.is_compatible("xen,evtchn-v1"))
                complaints.wrong(node, "needs event channels, which this build (partitioning "
                                       "alone) has not");
    }
}

void bind_channels(const devicetree::Tree& /*tree*/, const DomainDescriptions& /*domains*/,
                   const DomainDescription& /*domain*/, event::EventChannels& /*events*/)
{
}

void read_pools(const devicetree::Tree& /*tree*/, const devicetree::Processors& /*processors*/,
                unsigned cpu_count, sched::Kind usual, DomainDescriptions& domains,
                PoolDescriptions& pools, Report& report)
{
    if (usual != sched::Kind::null)
        machine::halt("sched= asks for a scheduler other than null, which this build "
                      "(partitioning alone) has not");
    static_cast<void>(pools.push({.cpus = bits(cpu_count - 1, 0)}));
    for (auto& domain : domains)
        for (const auto property : domain.node.properties())
            if (property.name() == "domain-cpupool" ||
                property.name().starts_with("bulkhead,sched-"))
                Complaints{domain, report}.wrong(
                    domain.node,
                    "{} is for schedulers that this build (partitioning alone) has not",
                    property.name());
}

void start_pools(const devicetree::Tree& /*tree*/, const DomainDescriptions& /*domains*/,
                 const PoolDescriptions& /*pools*/, const sched::Options& /*options*/)
{
}
sched::Parameters parameters_of(const DomainDescription& /*domain*/, unsigned /*vcpu*/)
{
    return {};
}

} // namespace boot

sched::Scheduler& sched::scheduler_of(CpuId /*cpu*/)
{
    static constinit NullScheduler null{all_cpus};
    return null;
}

void domain::Vcpu::tell_run_state() {}

void sched::trace::record(Event /*event*/, UnitName /*unit*/, std::uint32_t /*argument*/) {}
void start::start_trace(std::uint32_t /*pages*/) {}

void upcall::hypercall(RunningVcpu& /*running*/, GuestRegisters& registers)
{
    registers.x[0] = -static_cast<std::uint64_t>(Error::not_implemented);
}

} // namespace bulkhead
