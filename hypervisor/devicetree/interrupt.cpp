#include "devicetree/interrupt.hpp"

namespace bulkhead::devicetree {
namespace {

using namespace std::string_view_literals;

enum class Type : std::uint8_t { shared = 0, per_cpu = 1 };

Result<Node> interrupt_parent(const Tree& tree, Node node)
{
    for (std::optional at = node; at; at = at->parent()) {
        const auto phandle = at->u32("interrupt-parent"sv);
        if (!phandle && phandle.error() == Error::no_entry) continue;
        const auto controller = phandle ? tree.with_phandle(*phandle) : std::nullopt;
        if (!controller) return failure(Error::invalid);
        return *controller;
    }
    return failure(Error::no_entry);
}

} // namespace

Result<Interrupt> interrupt(const Tree& tree, const Node& node, std::size_t index)
{
    const auto list = node.property("interrupts"sv);
    if (!list) return failure(Error::no_entry);
    const auto controller = interrupt_parent(tree, node);
    if (!controller) return failure(controller.error());
    // GICv3 may have a fourth cell, for a PPI that is shared out among groups of CPUs: not used.
    const std::size_t cells = controller->u32("#interrupt-cells").value_or(0);
    if (!controller->has("interrupt-controller") || (cells != 3 && cells != 4))
        return failure(Error::not_supported);
    if (index >= list->cell_count() / cells) return failure(Error::no_entry);

    const auto type = *list->cells(index * cells, 1);
    const auto number = *list->cells(index * cells + 1, 1);
    const auto flags = *list->cells(index * cells + 2, 1);
    // Bits 0-3: rising edge, falling edge, high level, low level.
    const bool edge = (flags & 0b0011) != 0;
    if (type == static_cast<std::uint64_t>(Type::shared) && number < 988)
        return Interrupt{.intid = Intid{static_cast<std::uint32_t>(32 + number)}, .edge = edge};
    if (type == static_cast<std::uint64_t>(Type::per_cpu) && number < 16)
        return Interrupt{.intid = Intid{static_cast<std::uint32_t>(16 + number)}, .edge = edge};
    return failure(Error::invalid);
}

} // namespace bulkhead::devicetree
