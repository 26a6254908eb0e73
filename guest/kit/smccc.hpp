#pragma once

#include <cstdint>

namespace bulkhead::guest {

/// How firmware, or a hypervisor in its place, is called (SMC Calling Convention, DEN 0028).
enum class Conduit : std::uint8_t { hvc, smc };

struct SmcccResult {
    std::uint64_t x0, x1, x2, x3;
};

constexpr std::int64_t smccc_not_supported = -1;

inline SmcccResult smccc_call(Conduit conduit, std::uint32_t function, std::uint64_t a1 = 0,
                              std::uint64_t a2 = 0, std::uint64_t a3 = 0)
{
    register std::uint64_t x0 asm("x0") = function;
    register std::uint64_t x1 asm("x1") = a1;
    register std::uint64_t x2 asm("x2") = a2;
    register std::uint64_t x3 asm("x3") = a3;
    // Version 1.0 lets the callee change x4-x17 (DEN 0028, 2.6).
#define BULKHEAD_SMCCC_CALL(instruction)                                                           \
    asm volatile(instruction " #0"                                                                 \
                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)                                          \
                 :                                                                                 \
                 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",   \
                   "x16", "x17", "memory")
    if (conduit == Conduit::hvc)
        BULKHEAD_SMCCC_CALL("hvc");
    else
        BULKHEAD_SMCCC_CALL("smc");
#undef BULKHEAD_SMCCC_CALL
    return {x0, x1, x2, x3};
}

} // namespace bulkhead::guest
