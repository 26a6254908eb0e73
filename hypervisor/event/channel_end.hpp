#pragma once

#include "base/register.hpp"
#include "base/types.hpp"

#include <cstdint>

namespace bulkhead::event {

/// What one domain knows of an event channel, in a word that changes in one store. Two ends are
/// connected while each names the other: closing one needs no word with the other's domain.
struct ChannelEnd : Register<ChannelEnd, std::uint64_t> {
    /// With the numbers of EVTCHNSTAT_* (public/event_channel.h).
    enum class State : std::uint8_t {
        free = 0,
        unbound = 1,     // `peer` may connect to it
        interdomain = 2, // names `peer_port` of `peer`
        ipi = 5,
        reserved = 7, // becomes interdomain, or free again
    };

    static constexpr Field<2, 0, State> state{};
    /// The device tree's: the guest cannot close it.
    static constexpr Field<3, 3, bool> fixed{};
    /// Which vCPU is told.
    static constexpr Field<15, 8, VcpuId> vcpu{};
    static constexpr Field<31, 16, DomainId> peer{};
    static constexpr Field<63, 32, Port> peer_port{};

    static constexpr ChannelEnd interdomain_with(DomainId domain, Port port)
    {
        return ChannelEnd{}
            .with(state, State::interdomain)
            .with(peer, domain)
            .with(peer_port, port);
    }
    [[nodiscard]] bool names(DomainId domain, Port port) const
    {
        return get(state) == State::interdomain && get(peer) == domain && get(peer_port) == port;
    }
};

} // namespace bulkhead::event
