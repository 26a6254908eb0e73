#pragma once

/// The host's console UART. Callers hold host_console's lock (base/host_console.hpp), but for a
/// panic.
namespace bulkhead::machine {

/// Sends a byte if there is room for it now. Without a UART every byte is taken.
[[nodiscard]] bool console_try_write(char byte);

/// While `wanted`, the UART's interrupt calls ConsoleMux::send() when there is room again. False:
/// it has no interrupt, or not yet.
bool console_want_room(bool wanted);

} // namespace bulkhead::machine
