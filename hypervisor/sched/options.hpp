#pragma once

#include "base/types.hpp"

#include <cstdint>

namespace bulkhead::sched {

/// Which CPUs share a queue of credit2's. Here a core is a CPU; a socket, a node and all CPUs are
/// the pool's.
enum class Runqueue : std::uint8_t { cpu, core, socket, node, all };

/// What the command line says to schedulers, with Xen's defaults (xen-command-line.7).
struct Options {
    std::uint32_t ratelimit_us = 1000;    // sched_ratelimit_us, credit and credit2; 0: none
    std::uint32_t tslice_ms = 30;         // sched_credit_tslice_ms
    std::uint32_t cap_period_ms = 10;     // credit2_cap_period_ms
    Runqueue runqueue = Runqueue::socket; // credit2_runqueue
};

} // namespace bulkhead::sched
