#pragma once

#include "kit/interrupt.hpp"
#include "kit/timer.hpp"

#include <cstdint>

namespace bulkhead::guest {

/// From a cause to the first instruction of the interrupt's handler, in ticks of the counter.
struct ProbeSpan {
    std::uint64_t end;
    std::uint64_t begin;
    [[nodiscard]] std::uint64_t ticks() const { return end - begin; }
};

/// While one lives, all that an IRQ on this CPU does is read the counter and end the wait. IRQs are
/// masked whenever it does not wait; the caller acknowledges and ends what came.
class LatencyProbe {
public:
    LatencyProbe();
    ~LatencyProbe();
    LatencyProbe(const LatencyProbe&) = delete;
    LatencyProbe& operator=(const LatencyProbe&) = delete;

    enum class Wait : std::uint8_t { asleep, busy };

    /// Wait for any IRQ; its handler's counter, of the kind that the timer counts by.
    [[nodiscard]] std::uint64_t wait(Wait how, TimerKind counter = TimerKind::virtual_timer) const;
    /// The counter and a write to a register, which has an IRQ come to this CPU at once.
    [[nodiscard]] ProbeSpan store(std::uintptr_t address, std::uint32_t value) const;
    [[nodiscard]] ProbeSpan write_sgi1r(std::uint64_t value) const;

    /// Ticks from the expiry of a timer, `period` from now, to the handler of `interrupt`, which is
    /// then over. Another interrupt stops the guest.
    [[nodiscard]] std::uint64_t timer_expiry(TimerKind kind, Interrupt interrupt,
                                             std::uint64_t period, Wait how) const;
};

} // namespace bulkhead::guest
