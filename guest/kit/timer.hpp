#pragma once

#include "kit/barrier.hpp"
#include "kit/field.hpp"
#include "kit/system_register.hpp"

#include <cstdint>

namespace bulkhead::guest {

enum class TimerKind : std::uint8_t { virtual_timer, physical_timer };

/// CNTV_CTL_EL0 and CNTP_CTL_EL0.
struct TimerControl {
    using ENABLE = Bit<0>;
    using IMASK = Bit<1>;
    using ISTATUS = Bit<2>;
};

/// This CPU's virtual or physical timer. All times are in ticks of the counter.
class Timer {
public:
    constexpr explicit Timer(TimerKind kind) : kind_{kind} {}

    static std::uint64_t frequency() { return CNTFRQ_EL0::read(); }

    /// The counter now; not read ahead of the instructions before.
    [[nodiscard]] std::uint64_t now() const
    {
        instruction_barrier();
        return is_virtual() ? CNTVCT_EL0::read() : CNTPCT_EL0::read();
    }
    /// Interrupt at `deadline`, at once if that is over.
    void start(std::uint64_t deadline) const
    {
        set_compare(deadline);
        set_control(TimerControl::ENABLE::mask);
    }
    void stop() const { set_control(0); }

    void set_compare(std::uint64_t value) const
    {
        is_virtual() ? CNTV_CVAL_EL0::write(value) : CNTP_CVAL_EL0::write(value);
    }
    [[nodiscard]] std::uint64_t compare() const
    {
        return is_virtual() ? CNTV_CVAL_EL0::read() : CNTP_CVAL_EL0::read();
    }
    /// TVAL is a signed 32-bit distance from now (Arm ARM, "Operation of the TimerValue views of
    /// the timers").
    void set_distance(std::int32_t ticks) const
    {
        const auto raw = static_cast<std::uint32_t>(ticks);
        is_virtual() ? CNTV_TVAL_EL0::write(raw) : CNTP_TVAL_EL0::write(raw);
    }
    [[nodiscard]] std::int32_t distance() const
    {
        instruction_barrier();
        return static_cast<std::int32_t>(is_virtual() ? CNTV_TVAL_EL0::read()
                                                      : CNTP_TVAL_EL0::read());
    }
    void set_control(std::uint64_t value) const
    {
        is_virtual() ? CNTV_CTL_EL0::write(value) : CNTP_CTL_EL0::write(value);
        instruction_barrier();
    }
    [[nodiscard]] std::uint64_t control() const
    {
        instruction_barrier();
        return is_virtual() ? CNTV_CTL_EL0::read() : CNTP_CTL_EL0::read();
    }

private:
    [[nodiscard]] constexpr bool is_virtual() const { return kind_ == TimerKind::virtual_timer; }

    TimerKind kind_;
};

} // namespace bulkhead::guest
