#include "devicetree/console_uart.hpp"

#include "devicetree/address.hpp"

namespace bulkhead::devicetree {
namespace {

std::optional<Node> find_node(const Tree& tree, std::string_view dtuart, Report& report)
{
    if (!dtuart.empty()) {
        if (auto node = tree.at_path_or_alias(dtuart)) return node;
        report.warning("dtuart={}: the tree has no such path or alias; stdout-path is used",
                       dtuart);
    }
    const auto chosen = tree.at_path("/chosen");
    const auto stdout_path = chosen ? chosen->string("stdout-path") : failure(Error::no_entry);
    return stdout_path ? tree.at_path_or_alias(*stdout_path) : std::nullopt;
}

} // namespace

Result<ConsoleUart> find_console_uart(const Tree& tree, std::string_view dtuart, Report& report)
{
    const auto node = find_node(tree, dtuart, report);
    if (!node) {
        report.error("there is no console: neither dtuart= nor /chosen/stdout-path names a node");
        return failure(Error::no_entry);
    }
    const auto range = registers(*node, 0);
    if (!range) {
        report.error("{}: reg is not an address that the CPU reaches", node->path());
        return failure(range.error());
    }
    ConsoleUart uart{
        .node = *node,
        .registers = *range,
        .reg_shift = node->u32("reg-shift").value_or(0),
        .reg_io_width = node->u32("reg-io-width").value_or(0),
    };
    if (const auto line = interrupt(tree, *node, 0)) uart.interrupt = *line;
    return uart;
}

} // namespace bulkhead::devicetree
