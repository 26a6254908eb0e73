#pragma once

#include "kit/interrupt.hpp"
#include "kit/mmio.hpp"

#include <optional>
#include <string_view>

namespace bulkhead::guest {

enum class UartKind : std::uint8_t { none, pl011, sbsa, cadence };

/// The one console of the guest: polled output from any CPU, input by interrupt.
namespace console {

void open(UartKind kind, RegisterBlock registers);

/// The text as it is, a carriage return before each newline. One CPU's text is not mixed with
/// another's; without a UART it is dropped.
void write(std::string_view text);
/// This CPU is about to stop everything: write on, whoever holds the console.
void seize();
/// Have the UART interrupt when something arrives; the handler calls take_input.
void enable_input();
/// What has arrived moves to the buffer that read() empties.
void take_input();
std::optional<char> read();

} // namespace console
} // namespace bulkhead::guest
