#pragma once

#include <string_view>

namespace bulkhead::machine {

/// Sends the text to the host's console UART and waits until it is taken. LF becomes CR LF.
/// Callers hold the console's lock, but for a panic.
void console_write(std::string_view text);

} // namespace bulkhead::machine
