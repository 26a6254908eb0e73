#include "hypercall/caller.hpp"
#include "sched/run_loop.hpp"

#include <algorithm>
#include <array>

namespace bulkhead::hypercall {
namespace {

constexpr std::size_t most_polled = 128;

Result<void> shut_down(Caller caller, const sched_shutdown& request)
{
    using domain::ShutdownReason;
    switch (request.reason) {
    case SHUTDOWN_poweroff: caller.domain().shut_down(ShutdownReason::power_off); return {};
    case SHUTDOWN_reboot: caller.domain().shut_down(ShutdownReason::reset); return {};
    case SHUTDOWN_crash:
    case SHUTDOWN_watchdog: caller.domain().shut_down(ShutdownReason::crash); return {};
    // Nobody could wake it from suspend, or give it to another kernel.
    default: return failure(Error::invalid);
    }
}

/// Lets others go first and returns, as the ABI allows: callers look again.
Result<void> poll(Caller caller, const sched_poll& request)
{
    if (request.nr_ports > most_polled) return failure(Error::invalid);
    std::array<evtchn_port_t, most_polled> ports{};
    const auto wanted = std::span{ports}.first(request.nr_ports);
    if (auto read = caller.memory().copy_in(std::as_writable_bytes(wanted),
                                            VirtualAddress{request.ports.q});
        !read)
        return read;
    const bool all_exist = std::ranges::all_of(
        wanted, [](evtchn_port_t port) { return port < event::EventChannels::ports; });
    if (!all_exist) return failure(Error::invalid);
    sched::give_way(caller.vcpu());
    return {};
}

} // namespace

Outcome sched_op(Caller caller)
{
    switch (caller.number(0)) {
    case SCHEDOP_yield: sched::give_way(caller.vcpu()); return 0;
    case SCHEDOP_block: sched::block(caller.vcpu()); return 0;
    case SCHEDOP_shutdown:
        return caller.with<sched_shutdown>(
            1, [&](const auto& request) { return shut_down(caller, request); });
    case SCHEDOP_poll:
        return caller.with<sched_poll>(1,
                                       [&](const auto& request) { return poll(caller, request); });
    default: return failure(Error::not_implemented);
    }
}

} // namespace bulkhead::hypercall
