#include "boot_stub.hpp"

#include <array>

namespace bulkhead::tool {
namespace {

constexpr std::array<std::uint32_t, 6> instructions{
    0x580000c0, // ldr x0, 1f
    0xaa1f03e1, // mov x1, xzr
    0xaa1f03e2, // mov x2, xzr
    0xaa1f03e3, // mov x3, xzr
    0x58000084, // ldr x4, 2f
    0xd61f0080, // br  x4
}; // 1: .quad device tree; 2: .quad entry

void append_little_endian(std::string& bytes, std::uint64_t value, int count)
{
    for (; count > 0; --count, value >>= 8U)
        bytes += static_cast<char>(value & 0xffU);
}

} // namespace

std::string boot_stub(std::uint64_t entry, std::uint64_t device_tree)
{
    std::string bytes;
    for (const std::uint32_t instruction : instructions)
        append_little_endian(bytes, instruction, 4);
    append_little_endian(bytes, device_tree, 8);
    append_little_endian(bytes, entry, 8);
    return bytes;
}

} // namespace bulkhead::tool
