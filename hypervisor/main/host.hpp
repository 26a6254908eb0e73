#pragma once

#include "boot/command_line.hpp"
#include "device/console_mux.hpp"
#include "devicetree/console_uart.hpp"
#include "devicetree/host_description.hpp"
#include "devicetree/tree.hpp"

/// The steps of main.cpp that are about the host's hardware. Boot CPU, in this order.
namespace bulkhead::start {

/// Maps the boot loader's device tree and checks it. Stops where there is none.
devicetree::Tree open_device_tree(PhysicalAddress address);

/// From here on messages are seen: the UART that the options or the tree name.
void start_console(const devicetree::Tree& tree, const boot::Options& options, Report& report);

/// That UART, if there is one.
const std::optional<devicetree::ConsoleUart>& console_uart();

/// GICv2 or GICv3, with EL2's own interrupts, and the boot CPU's part of it.
void start_interrupt_controller(const devicetree::HostDescription& host);

/// Where what is typed goes; it comes from start_console_input on.
device::ConsoleMux& console_input();
void start_console_input();

/// Switches the other CPUs on, `maxcpus` at most in all; each ends up in the run loop. A CPU that
/// does not start is reported and left out of what the others may count on.
void start_secondary_cpus(const devicetree::HostDescription& host, const boot::Options& options);

/// As many pages for each CPU's ring of scheduling records (`tbuf_size`), and the key that shows
/// them.
void start_trace(std::uint32_t pages);

} // namespace bulkhead::start
