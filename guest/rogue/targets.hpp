#pragma once

#include "kit/board.hpp"
#include "rogue/random.hpp"
#include "rogue/rescue.hpp"

/// Where an act strikes.
namespace bulkhead::guest::rogue {

/// The addresses of `wide_table`: its first entries are the kit's, the others show the machine in
/// other ways, 1 GiB each.
inline constexpr std::uint64_t user_memory = 2; ///< the RAM that the guest runs in, for EL0
inline constexpr std::uint64_t user_devices = 3;
inline constexpr std::uint64_t all_devices =
    4; ///< the first GiB as Device memory, what is unmapped too
inline constexpr std::uint64_t all_memory = 5; ///< the first GiB as Normal memory
inline constexpr std::uint64_t elsewhere = 6;  ///< from here on 1 GiB of each `far_away`
inline constexpr std::uint64_t views = 16;

/// Once, on the boot CPU; the table's address. A tame rogue keeps its own memory, vectors and root
/// table: QEMU's -icount stands still while a CPU cannot fetch the first instruction of its
/// vectors.
std::uint64_t make_wide_table(const Board& board, bool tame);
bool is_tame();

/// A physical address that is somebody's, or nobody's.
std::uint64_t physical_address(Random& random);
/// A virtual one under the wide table.
std::uint64_t virtual_address(Random& random);
/// A number that an operand may be.
std::uint64_t operand(Random& random);
Registers operands(Random& random);

/// Instructions of this CPU's own, which end with BRK, and how many there may be.
std::span<std::uint32_t> code_buffer();
/// What is in the buffer can be executed; where that is.
std::uint64_t finish_code(std::span<std::uint32_t> code);

} // namespace bulkhead::guest::rogue
