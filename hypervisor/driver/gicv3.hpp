#pragma once

#include "arm64/system_register.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "driver/gic_distributor.hpp"
#include "machine/list_register.hpp"

#include <cstdint>
#include <span>

namespace bulkhead::driver {

/// GICv3 with system registers, Group 1 for EL2, and list registers (IHI 0069).
class Gicv3 {
public:
    struct RedistributorRegion {
        Mmio registers;
        std::size_t size = 0;
    };

    /// Distributor: everything quiet, affinity routing on. Boot CPU.
    void initialise(Mmio distributor, std::span<const RedistributorRegion> redistributors,
                    std::size_t redistributor_stride);
    /// This CPU's redistributor, CPU interface and virtual interface. no_device when no
    /// redistributor has this CPU's affinity.
    Result<void> initialise_cpu(std::uint64_t affinity, InterruptBanks& own);

    [[nodiscard]] std::uint32_t interrupts() const { return interrupts_; }
    void route(Intid spi, std::uint64_t affinity) const;
    /// SGI `intid` to one CPU (ICC_SGI1R_EL1, 12.2.20).
    static void send_sgi(Intid intid, std::uint64_t affinity);

    // The interrupt path.
    [[gnu::always_inline]] static Intid acknowledge()
    {
        const auto intid = arm64::ICC_IAR1_EL1::read();
        // Ordered before what the interrupt announces (12.2.14).
        arm64::dsb_sy();
        return Intid{static_cast<std::uint32_t>(intid)};
    }
    /// Others may come; this one stays active.
    [[gnu::always_inline]] static void drop_priority(Intid intid)
    {
        arm64::ICC_EOIR1_EL1::write(intid.value());
    }
    [[gnu::always_inline]] static void deactivate(Intid intid)
    {
        arm64::ICC_DIR_EL1::write(intid.value());
    }
    template <unsigned Index>
    [[gnu::always_inline]] static void write_list_register(std::uint64_t value);

    static machine::ListRegister read_list_register(unsigned index);
    static void write_list_register(unsigned index, std::uint64_t value);

    [[nodiscard]] InterruptBanks distributor() const { return distributor_; }

private:
    InterruptBanks distributor_;
    std::span<const RedistributorRegion> redistributors_;
    std::size_t stride_ = 0;
    std::uint32_t interrupts_ = 0;
};

template <>
[[gnu::always_inline]] inline void Gicv3::write_list_register<0>(std::uint64_t value)
{
    asm volatile("msr S3_4_C12_C12_0, %0" : : "r"(value));
}
template <>
[[gnu::always_inline]] inline void Gicv3::write_list_register<1>(std::uint64_t value)
{
    asm volatile("msr S3_4_C12_C12_1, %0" : : "r"(value));
}

} // namespace bulkhead::driver
