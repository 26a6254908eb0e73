#pragma once

#include "kit/gic_registers.hpp"
#include "kit/interrupt.hpp"
#include "kit/range.hpp"

#include <array>
#include <cstdint>

namespace bulkhead::guest::gic {

enum class Version : std::uint8_t { none = 0, v2 = 2, v3 = 3 };

/// Where the interrupt controller is.
struct Description {
    Version version = Version::none;
    Range distributor;
    Range cpu_interface;                   // GICv2
    std::array<Range, 4> redistributors{}; // GICv3, as far as used
};

/// What reading the acknowledge register gave; must be given back whole (GICv2: sending CPU too).
struct Acknowledged {
    std::uint32_t raw;
    [[nodiscard]] constexpr Intid intid() const;
    [[nodiscard]] constexpr unsigned sender() const // an SGI's, GICv2 only
    {
        return Gicc::Acknowledge::CPUID::of(raw) & 7U;
    }
};

/// Reset the distributor and this CPU's part: nothing enabled, everything level, one priority,
/// Group 1. Other CPUs call start_cpu themselves.
void start(const Description& description);
void start_cpu();

Version version();
/// How many INTIDs there are, the private ones included.
unsigned interrupts();
RegisterBlock distributor();
/// This CPU's redistributor, first frame (GICv3).
RegisterBlock redistributor();
/// The registers from IGROUPR to ICFGR that hold `intid` for this CPU.
RegisterBlock block_of(Intid intid);
RegisterBlock cpu_interface();
/// This CPU's bit in ITARGETSR (GICv2); zero when it is alone.
std::uint32_t interface_mask();

constexpr std::uint8_t default_priority = 0xa0;

void enable(Intid intid);
void disable(Intid intid);
void set_trigger(Interrupt interrupt);
void set_priority(Intid intid, std::uint8_t priority);
/// Have a shared interrupt come to this CPU.
void route_here(Intid intid);
void set_pending(Intid intid);

Acknowledged acknowledge();
/// End of interrupt: priority drop, and deactivation (EOImode 0).
void end(Acknowledged interrupt);

/// What is written to GICD_SGIR (GICv2) or ICC_SGI1R_EL1 (GICv3) to send an SGI to one CPU.
std::uint64_t sgi_request(Intid intid, unsigned cpu);
void send_sgi(Intid intid, unsigned cpu);
void send_sgi_to_others(Intid intid);

constexpr Intid Acknowledged::intid() const
{
    // The SGI's sender is in bits that an INTID of GICv3 may use, but INTIDs above 1023 (LPIs)
    // never reach a guest that has no ITS.
    return {static_cast<std::uint32_t>(Gicc::Acknowledge::INTID::of(raw))};
}

} // namespace bulkhead::guest::gic
