#pragma once

#include "kit/command_line.hpp"
#include "kit/console.hpp"
#include "kit/gic.hpp"
#include "kit/interrupt.hpp"
#include "kit/range.hpp"
#include "kit/smccc.hpp"
#include "kit/timer.hpp"

#include <array>
#include <optional>
#include <span>

namespace bulkhead::guest {

/// The machine, as the device tree describes it.
struct Board {
    std::array<Range, 8> memory_banks{};
    gic::Description gic;
    UartKind uart = UartKind::none;
    Range uart_registers;
    Interrupt uart_interrupt;
    /// A PL031 real-time clock; empty where there is none.
    Range clock_registers;
    Interrupt clock_interrupt;
    /// A Cadence triple timer counter; empty where there is none.
    Range counter_registers;
    Interrupt counter_interrupt;
    Interrupt virtual_timer{.intid = ppi(11)};
    Interrupt physical_timer{.intid = ppi(14)};
    /// Memory that other domains of Xen's kind have as well; empty where there is none.
    Range shared_memory;
    Conduit psci_conduit = Conduit::hvc;
    bool in_xen_domain = false; // there is a /hypervisor node of Xen's kind
    CommandLine command_line;
    std::uint64_t entered_at = 0; // CNTPCT_EL0 at the guest's first instruction but one

    [[nodiscard]] std::uint64_t memory_size() const;
    /// An address with neither memory nor a device: 1 GiB behind the last memory.
    [[nodiscard]] std::uint64_t unused_address() const;
    [[nodiscard]] Interrupt timer(TimerKind kind) const
    {
        return kind == TimerKind::virtual_timer ? virtual_timer : physical_timer;
    }
};

/// The guest itself: called on the boot CPU with MMU and caches on, the console open, interrupts
/// masked and the GIC not started. Returning powers the guest off.
void guest_main(const Board& board);

} // namespace bulkhead::guest
