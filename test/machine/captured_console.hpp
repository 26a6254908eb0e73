#pragma once

#include <cstddef>
#include <string>

namespace bulkhead::test {

/// What the host's console UART has sent since the last call.
[[nodiscard]] std::string take_console_output();

/// The host's console UART, which takes everything at once unless a test says otherwise.
struct ConsoleWire {
    static constexpr std::size_t endless = ~std::size_t{0};
    /// Bytes that it still has room for.
    std::size_t room = endless;
    bool has_interrupt = false;
    /// Its interrupt is wanted as soon as there is room.
    bool wants_room = false;
};
[[nodiscard]] ConsoleWire& console_wire();

} // namespace bulkhead::test
