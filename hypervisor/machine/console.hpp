#pragma once

#include <string_view>

/// The host's console UART. Callers hold host_console's lock (base/host_console.hpp), but for a
/// panic.
namespace bulkhead::machine {

/// Sends the text and waits until it is taken. LF becomes CR LF.
void console_write(std::string_view text);

/// Sends bytes of the domain that has the console as they are, and waits until they are taken.
void console_write_raw(std::string_view bytes);

} // namespace bulkhead::machine
