#pragma once

#include <cstddef>

namespace bulkhead::driver {

/// Where a UART's registers are, from its device tree node.
struct UartPlacement {
    /// The first register, mapped into EL2.
    std::byte* base = nullptr;
    /// A 16550's registers are 1 << register_shift bytes apart (`reg-shift`).
    unsigned register_shift = 0;
    /// Width of an access to a 16550's register in bytes: 1, 2 or 4 (`reg-io-width`).
    unsigned access_width = 1;
};

} // namespace bulkhead::driver
