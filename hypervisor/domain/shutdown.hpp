#pragma once

#include <cstdint>
#include <string_view>

namespace bulkhead::domain {

/// Why a domain does not run any more, with the numbers of Xen's SHUTDOWN_* (public/sched.h).
enum class ShutdownReason : std::uint8_t { power_off = 0, reset = 1, crash = 3 };

/// What follows a reset or a crash (`bulkhead,on-reset`, `bulkhead,on-crash`): the domain starts
/// anew from its modules, or it stays down, or the machine stops.
enum class ShutdownAction : std::uint8_t { restart, stop, panic };
inline constexpr std::string_view shutdown_action_names[] = {"restart", "stop", "panic"};

} // namespace bulkhead::domain
