#include "boot/static_channels.hpp"

#include "boot/complaints.hpp"

#include <algorithm>

namespace bulkhead::boot {
namespace {

using devicetree::Node;

constexpr std::string_view channel_node = "xen,evtchn-v1";

/// What a node says of its channel.
struct End {
    Port port;
    /// The node of the other end.
    std::optional<Node> other;
};

std::optional<End> read_end(const devicetree::Tree& tree, const Node& node)
{
    const auto property = node.property("xen,evtchn");
    if (!property || property->value().size() != 2 * sizeof(std::uint32_t)) return std::nullopt;
    const auto port = property->cells(0, 1);
    const auto phandle = property->cells(1, 1);
    if (!port || !phandle || *port == 0 || *port >= event::EventChannels::ports)
        return std::nullopt;
    return End{.port = Port{static_cast<std::uint32_t>(*port)},
               .other = tree.with_phandle(static_cast<std::uint32_t>(*phandle))};
}

const DomainDescription* owner_of(const DomainDescriptions& domains, const Node& node)
{
    if (!node.is_compatible(channel_node)) return nullptr;
    const auto parent = node.parent();
    const auto* const found = std::ranges::find_if(
        domains, [&](const DomainDescription& domain) { return parent == domain.node; });
    return found == domains.end() ? nullptr : found;
}

/// Looks at one end, and binds it where there are `events`. Nothing when all is well, else what is
/// not.
std::string_view join(const devicetree::Tree& tree, const DomainDescriptions& domains,
                      const DomainDescription& domain, const Node& node,
                      event::EventChannels* events)
{
    const auto end = read_end(tree, node);
    if (!end) return "has to be <port phandle>, with a port from 1 to 1023";
    for (const auto earlier : domain.node.children()) {
        if (earlier == node) break;
        const auto its =
            earlier.is_compatible(channel_node) ? read_end(tree, earlier) : std::nullopt;
        if (its && its->port == end->port) return "has the port of a node before it";
    }
    const auto* const peer = end->other ? owner_of(domains, *end->other) : nullptr;
    if (!end->other || peer == nullptr)
        return "has to name the xen,evtchn-v1 node of a domain: the other end";
    const auto back = read_end(tree, *end->other);
    if (!back || back->other != node) return "names a node that does not name this one";
    if (events != nullptr) static_cast<void>(events->bind_fixed(end->port, peer->id, back->port));
    return {};
}

} // namespace

void check_channels(const devicetree::Tree& tree, DomainDescriptions& domains, Report& report)
{
    for (auto& domain : domains) {
        bool has_one = false;
        for (const auto node : domain.node.children()) {
            if (!node.is_compatible(channel_node)) continue;
            has_one = true;
            const auto problem = join(tree, domains, domain, node, nullptr);
            if (!problem.empty()) Complaints{domain, report}.wrong(node, "xen,evtchn {}", problem);
        }
        if (has_one && !domain.enhanced)
            report.warning(
                "{}: without xen,enhanced = \"no-xenstore\" the guest is not told of its "
                "event channels' interrupt",
                domain.node.path());
    }
}

void bind_channels(const devicetree::Tree& tree, const DomainDescriptions& domains,
                   const DomainDescription& domain, event::EventChannels& events)
{
    for (const auto node : domain.node.children())
        if (node.is_compatible(channel_node)) join(tree, domains, domain, node, &events);
}

} // namespace bulkhead::boot
