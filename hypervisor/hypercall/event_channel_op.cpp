#include "hypercall/caller.hpp"

#include <array>
#include <span>

namespace bulkhead::hypercall {
namespace {

Result<void> store(const Result<Port>& port, evtchn_port_t& to)
{
    if (!port) return failure(port.error());
    to = port->value();
    return {};
}

/// Domains are joined by the device tree alone, so both ends are the caller's. Whoever is asked for
/// something else is refused as Xen's SILO policy refuses it.
Result<void> allocate_unbound(Caller caller, evtchn_alloc_unbound& request)
{
    if (auto own = caller.check_own(request.dom); !own) return own;
    if (auto own = caller.check_own(request.remote_dom); !own) return own;
    return store(caller.domain().events().allocate_unbound(caller.domain().id()), request.port);
}

Result<void> bind_interdomain(Caller caller, evtchn_bind_interdomain& request)
{
    if (auto own = caller.check_own(request.remote_dom); !own) return own;
    auto& events = caller.domain().events();
    return store(events.bind_interdomain(events, Port{request.remote_port}), request.local_port);
}

Result<void> status(Caller caller, evtchn_status& request)
{
    using event::ChannelEnd;
    using State = ChannelEnd::State;
    if (auto own = caller.check_own(request.dom); !own) return own;
    const auto end = caller.domain().events().status(Port{request.port});
    if (!end) return failure(end.error());
    request.status = static_cast<std::uint32_t>(end->get(ChannelEnd::state));
    request.vcpu = end->get(ChannelEnd::vcpu).value();
    request.u = {};
    const auto peer = end->get(ChannelEnd::peer).value();
    if (end->get(ChannelEnd::state) == State::unbound)
        request.u.unbound.dom = peer;
    else if (end->get(ChannelEnd::state) == State::interdomain)
        request.u.interdomain = {peer, end->get(ChannelEnd::peer_port).value()};
    return {};
}
static_assert(EVTCHNSTAT_closed == static_cast<int>(event::ChannelEnd::State::free));
static_assert(EVTCHNSTAT_unbound == static_cast<int>(event::ChannelEnd::State::unbound));
static_assert(EVTCHNSTAT_interdomain == static_cast<int>(event::ChannelEnd::State::interdomain));
static_assert(EVTCHNSTAT_ipi == static_cast<int>(event::ChannelEnd::State::ipi));

/// What a command's argument points to.
union Request {
    evtchn_bind_interdomain bind_interdomain;
    evtchn_close close;
    evtchn_send send;
    evtchn_status status;
    evtchn_alloc_unbound alloc_unbound;
    evtchn_bind_ipi bind_ipi;
    evtchn_bind_vcpu bind_vcpu;
    evtchn_unmask unmask;
    evtchn_reset reset;
};

/// By command. Linux asks for FIFO channels first, and makes do with these.
struct Format {
    std::uint8_t size = 0; // 0: not implemented
    bool is_answered = false;
};
constexpr auto formats = [] {
    std::array<Format, EVTCHNOP_reset + 1> all{};
    all[EVTCHNOP_bind_interdomain] = {sizeof(evtchn_bind_interdomain), true};
    all[EVTCHNOP_close] = {sizeof(evtchn_close)};
    all[EVTCHNOP_send] = {sizeof(evtchn_send)};
    all[EVTCHNOP_status] = {sizeof(evtchn_status), true};
    all[EVTCHNOP_alloc_unbound] = {sizeof(evtchn_alloc_unbound), true};
    all[EVTCHNOP_bind_ipi] = {sizeof(evtchn_bind_ipi), true};
    all[EVTCHNOP_bind_vcpu] = {sizeof(evtchn_bind_vcpu)};
    all[EVTCHNOP_unmask] = {sizeof(evtchn_unmask)};
    all[EVTCHNOP_reset] = {sizeof(evtchn_reset)};
    return all;
}();

Result<void> carry_out(Caller caller, std::uint32_t command, Request& request)
{
    auto& events = caller.domain().events();
    switch (command) {
    case EVTCHNOP_bind_interdomain: return bind_interdomain(caller, request.bind_interdomain);
    case EVTCHNOP_close: return events.close(Port{request.close.port});
    case EVTCHNOP_send: return events.send(Port{request.send.port});
    case EVTCHNOP_status: return status(caller, request.status);
    case EVTCHNOP_alloc_unbound: return allocate_unbound(caller, request.alloc_unbound);
    case EVTCHNOP_bind_ipi:
        return store(events.bind_ipi(VcpuId{request.bind_ipi.vcpu}), request.bind_ipi.port);
    case EVTCHNOP_bind_vcpu:
        return events.bind_vcpu(Port{request.bind_vcpu.port}, VcpuId{request.bind_vcpu.vcpu});
    case EVTCHNOP_unmask: return events.unmask(Port{request.unmask.port});
    default:
        if (auto own = caller.check_own(request.reset.dom); !own) return own;
        events.close_all();
        return {};
    }
}

} // namespace

Outcome event_channel_op(Caller caller)
{
    const auto command = caller.number(0);
    if (command >= formats.size() || formats[command].size == 0)
        return failure(Error::not_implemented);
    const auto [size, is_answered] = formats[command];
    Request request;
    const auto bytes = std::as_writable_bytes(std::span{&request, 1}).first(size);
    auto done = caller.read_request(1, bytes, is_answered);
    if (done) done = carry_out(caller, command, request);
    if (done && is_answered) done = caller.memory().copy_out(caller.pointer(1), bytes);
    return done ? Outcome{0} : failure(done.error());
}

} // namespace bulkhead::hypercall
