#include "machine/console.hpp"
#include "base/read_only_after_boot.hpp"
#include "base/text.hpp"
#include "devicetree/console_uart.hpp"
#include "driver/gic.hpp"
#include "driver/interrupt.hpp"
#include "driver/uart.hpp"
#include "machine/memory.hpp"
#include "main/host.hpp"

#include <algorithm>
#include <optional>

namespace bulkhead::start {
namespace {

constinit std::optional<driver::Uart> uart;
READ_ONLY_AFTER_BOOT constinit std::optional<devicetree::ConsoleUart> place;
constinit device::ConsoleMux mux;
READ_ONLY_AFTER_BOOT constinit bool has_interrupt = false;
constinit bool wants_room = false;

std::optional<driver::Uart> driver_for(const devicetree::Node& node,
                                       const driver::UartPlacement& placement)
{
    const auto compatible = node.property("compatible");
    if (!compatible) return std::nullopt;
    const auto bytes = compatible->value();
    std::string_view rest{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    while (!rest.empty())
        if (auto found = driver::Uart::matching(text::split(rest, '\0'), placement)) return found;
    return std::nullopt;
}

} // namespace

void start_console(const devicetree::Tree& tree, const boot::Options& options, Report& report)
{
    if (!options.console) return;
    const auto found = devicetree::find_console_uart(tree, options.dtuart, report);
    if (!found) return;
    auto* base = machine::map_physical(found->registers.start, found->registers.size,
                                       machine::MapAccess::device);
    uart = driver_for(found->node, {.base = base,
                                    .register_shift = found->reg_shift,
                                    .access_width = std::max(found->reg_io_width, 1U)});
    if (!uart) return;
    place = *found;
    uart->start();
}

const std::optional<devicetree::ConsoleUart>& console_uart() { return place; }

device::ConsoleMux& console_input() { return mux; }

void start_console_input()
{
    if (!uart || !place || !place->interrupt) return;
    const auto [intid, edge] = *place->interrupt;
    driver::gic().banks(intid).set_trigger(intid, edge);
    driver::gic().route(intid, CpuId{0});
    driver::set_console_interrupt(intid, [] {
        uart->handle_interrupt([](char c) { mux.input(c); });
        mux.send();
    });
    driver::gic().enable(intid);
    uart->enable_interrupts(false);
    has_interrupt = true;
}

} // namespace bulkhead::start

namespace bulkhead::machine {

bool console_try_write(char byte) { return !start::uart || start::uart->try_write(byte); }

bool console_want_room(bool wanted)
{
    using namespace start;
    if (uart && has_interrupt && wanted != wants_room) uart->enable_interrupts(wants_room = wanted);
    return has_interrupt;
}

} // namespace bulkhead::machine
