#pragma once

#include "kit/smccc.hpp"

#include <cstdint>

namespace bulkhead::guest::psci {

/// Function numbers (Power State Coordination Interface, DEN 0022, 5.1), 64-bit where there is one.
enum class Function : std::uint32_t {
    VERSION = 0x8400'0000,
    CPU_SUSPEND = 0xc400'0001,
    CPU_OFF = 0x8400'0002,
    CPU_ON_32 = 0x8400'0003,
    CPU_ON = 0xc400'0003,
    AFFINITY_INFO_32 = 0x8400'0004,
    AFFINITY_INFO = 0xc400'0004,
    MIGRATE_INFO_TYPE = 0x8400'0006,
    SYSTEM_OFF = 0x8400'0008,
    SYSTEM_RESET = 0x8400'0009,
    FEATURES = 0x8400'000a,
};

/// Results (DEN 0022, 5.2.2); signed 32-bit.
enum Result : std::int32_t {
    SUCCESS = 0,
    NOT_SUPPORTED = -1,
    INVALID_PARAMETERS = -2,
    DENIED = -3,
    ALREADY_ON = -4,
    ON_PENDING = -5,
    INTERNAL_FAILURE = -6,
    NOT_PRESENT = -7,
    DISABLED = -8,
    INVALID_ADDRESS = -9,
};

/// AFFINITY_INFO's answers that are no error (DEN 0022, 5.7.2).
enum class PowerState : std::int32_t { on = 0, off = 1, on_pending = 2 };

void use(Conduit conduit);
Conduit conduit();

std::int32_t call(Function function, std::uint64_t a1 = 0, std::uint64_t a2 = 0,
                  std::uint64_t a3 = 0);

[[noreturn]] void system_off();
[[noreturn]] void system_reset();
[[noreturn]] void cpu_off();

} // namespace bulkhead::guest::psci
