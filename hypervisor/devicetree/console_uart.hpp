#pragma once

#include "base/report.hpp"
#include "base/result.hpp"
#include "devicetree/interrupt.hpp"
#include "devicetree/tree.hpp"
#include "memory/physical_ranges.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::devicetree {

/// The UART that the console is on. Which driver it needs, is_compatible() of its node tells.
struct ConsoleUart {
    Node node;
    memory::PhysicalRange registers;
    /// log2 of the distance between two registers, and bytes of an access; 0 where not said.
    std::uint32_t reg_shift = 0;
    std::uint32_t reg_io_width = 0;
    std::optional<Interrupt> interrupt{};
};

/// What `dtuart` (a path or an alias) names; if that is empty or nothing, /chosen/stdout-path.
Result<ConsoleUart> find_console_uart(const Tree& tree, std::string_view dtuart, Report& report);

} // namespace bulkhead::devicetree
