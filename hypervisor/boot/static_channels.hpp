#pragma once

#include "base/report.hpp"
#include "boot/domain_description.hpp"
#include "devicetree/tree.hpp"
#include "event/event_channels.hpp"

/// The event channels between domains that the tree asks for: `xen,evtchn-v1` nodes, one for each
/// end, below their domains' nodes, with xen,evtchn = <port, phandle of the other end>.
namespace bulkhead::boot {

/// A domain with an end that is damaged, has a port twice, or is not named by the end it names, is
/// reported as wrong.
void check_channels(const devicetree::Tree& tree, DomainDescriptions& domains, Report& report);

/// Gives the ends of `domain`, which was found right, to its guest.
void bind_channels(const devicetree::Tree& tree, const DomainDescriptions& domains,
                   const DomainDescription& domain, event::EventChannels& events);

} // namespace bulkhead::boot
