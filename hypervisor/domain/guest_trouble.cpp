// A guest's troubles that the processor's side tells of: machine/upcalls.hpp.

#include "base/log.hpp"
#include "domain/domain.hpp"
#include "machine/cpu.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead::upcall {

void system_error(RunningVcpu& running)
{
    if (domain::machine_policy().stop_at_system_error) machine::halt("a guest took an SError");
    auto& vcpu = domain::vcpu_of(running);
    std::array<char, 160> why{};
    const log::Argument arguments[] = {vcpu.id, machine::guest_pc()};
    const auto text = log::format_into(why,
                                       ": an SError interrupt: hardware reported an error that "
                                       "belongs to it; vCPU {}, pc {x}",
                                       arguments);
    vcpu.domain->shut_down(domain::ShutdownReason::crash, text);
}

void refused(RunningVcpu& running, std::string_view what, GuestAddress address)
{
    auto& vcpu = domain::vcpu_of(running);
    auto& domain = *vcpu.domain;
    if (domain.may_report())
        log::warning("domain {} ({}): {} {}: nothing answers, it gets an abort; vCPU {}, pc {x}",
                     domain.id(), domain.name(), what, address, vcpu.id, machine::guest_pc());
}

std::string_view describe(RunningVcpu& vcpu) { return domain::vcpu_of(vcpu).domain->name(); }

} // namespace bulkhead::upcall
