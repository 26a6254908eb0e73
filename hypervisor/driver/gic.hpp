#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "driver/gicv2.hpp"
#include "driver/gicv3.hpp"

#include <cstdint>

namespace bulkhead::driver {

/// The host's interrupt controller: one of two, for good, chosen at boot. What portable rooms need
/// of it is in machine/list_register.hpp and machine/physical_interrupt.hpp.
class Gic {
public:
    void use(const Gicv2::Regions& regions);
    void use(Mmio distributor, std::span<const Gicv3::RedistributorRegion> redistributors,
             std::size_t redistributor_stride);

    [[nodiscard]] bool is_v3() const { return is_v3_ != 0; }
    [[nodiscard]] const Gicv2& v2() const { return v2_; }
    [[nodiscard]] std::uint32_t interrupts() const
    {
        return is_v3() ? v3_.interrupts() : v2_.interrupts();
    }

    /// The calling CPU's part. no_device when the controller has none for it.
    Result<void> initialise_cpu(CpuId cpu);

    /// The banks that hold `intid`, for the calling CPU where it is private.
    [[nodiscard]] InterruptBanks banks(Intid intid) const;
    /// Lets an interrupt of Bulkhead's own come to this CPU.
    void enable(Intid intid) const { banks(intid).set(Gicd::set_enable, intid); }
    void route(Intid spi, CpuId cpu) const;
    void send_sgi(Intid intid, CpuId cpu) const;

private:
    /// A word, not a bool: one instruction loads it.
    std::uint32_t is_v3_ = 0;
    Gicv2 v2_;
    Gicv3 v3_;
    std::array<InterruptBanks, max_cpus> private_banks_;
};

Gic& gic();

/// EL2's own software interrupt: look at the attention of what you run.
inline constexpr Intid reschedule_sgi{0};
inline constexpr Intid stop_sgi{1};

} // namespace bulkhead::driver
