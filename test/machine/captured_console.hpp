#pragma once

#include <string>

namespace bulkhead::test {

/// What the host's console UART has sent since the last call, with what the seam makes of LF.
[[nodiscard]] std::string take_console_output();

} // namespace bulkhead::test
