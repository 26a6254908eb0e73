#pragma once

#include <cstdint>

namespace bulkhead::guest {

/// Xen's hypercalls (public/xen.h) that the guests use.
enum class HypercallNumber : std::uint64_t {
    memory_op = 12,
    xen_version = 17,
    event_channel_op = 32,
};

/// One call: HVC with Xen's tag, number in x16, arguments from x0 on (public/arch-arm.h). Negative
/// results are Xen's errno.
inline std::int64_t hypercall(HypercallNumber number, std::uint64_t a0 = 0, std::uint64_t a1 = 0)
{
    register std::uint64_t x0 asm("x0") = a0;
    register std::uint64_t x1 asm("x1") = a1;
    register std::uint64_t x16 asm("x16") = static_cast<std::uint64_t>(number);
    // A debug build of Xen overwrites the arguments.
    asm volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x16) : : "x2", "x3", "x4", "memory");
    return static_cast<std::int64_t>(x0);
}

} // namespace bulkhead::guest
