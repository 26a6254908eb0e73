#pragma once

#include <array>
#include <cstdint>

namespace bulkhead::machine {

/// The running guest's general-purpose registers x0 to x30, as a trap left them.
/// Where it goes on and in which state are not here: see guest_state.hpp.
struct GuestRegisters {
    /// The last is where instructions load to that name none.
    std::array<std::uint64_t, 32> x;

    /// The value that an instruction's register operand names: 31 reads as zero.
    [[nodiscard]] std::uint64_t operand(unsigned index) const { return index < 31 ? x[index] : 0; }
    void set_operand(unsigned index, std::uint64_t value) { x[index] = value; }
};

} // namespace bulkhead::machine
