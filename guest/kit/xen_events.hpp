#pragma once

#include "kit/interrupt.hpp"

#include <cstdint>

/// Xen's event channels in their 2-level form (public/event_channel.h), on the first CPU.
namespace bulkhead::guest::xen_events {

using Port = std::uint32_t;
/// Told of each event with its port, from the interrupt handler.
using Handler = void (*)(Port port);

/// Where domains of Xen's kind get events: PPI 31, attached by start().
inline constexpr Intid interrupt = ppi(15);

/// Gives the hypervisor a page to note events in, with all ports masked. Negative: Xen's errno.
std::int64_t start(Handler handler);
/// Lets events of this port through, one that came before included.
std::int64_t unmask(Port port);
/// Tells the other end.
std::int64_t send(Port port);

} // namespace bulkhead::guest::xen_events
