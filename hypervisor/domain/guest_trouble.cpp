#include "base/log.hpp"
#include "domain/domain.hpp"
#include "machine/cpu.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead::upcall {

void crash(RunningVcpu& running, std::string_view reason)
{
    auto& vcpu = domain::vcpu_of(running);
    log::error("domain {} ({}) stopped: {}; vCPU {}, pc {x}", vcpu.domain->id(),
               vcpu.domain->name(), reason, vcpu.id, machine::guest_pc());
    vcpu.domain->shut_down(domain::ShutdownReason::crash);
}

void system_error(RunningVcpu& running)
{
    if (domain::machine_policy().stop_at_system_error) machine::halt("a guest took an SError");
    crash(running, "an SError interrupt: hardware reported an error that belongs to it");
}

std::string_view describe(RunningVcpu& running) { return domain::vcpu_of(running).domain->name(); }

} // namespace bulkhead::upcall
