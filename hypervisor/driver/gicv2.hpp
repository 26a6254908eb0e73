#pragma once

#include "base/types.hpp"
#include "driver/gic_distributor.hpp"
#include "machine/list_register.hpp"

#include <array>
#include <cstdint>

namespace bulkhead::driver {

/// GIC virtual interface control, GICv2 (IHI 0048, 5.3).
enum class Gich : std::size_t {
    control = 0x000,           // GICH_HCR
    type = 0x004,              // GICH_VTR
    virtual_control = 0x008,   // GICH_VMCR
    empty = 0x030,             // GICH_ELRSR0
    active_priorities = 0x0f0, // GICH_APR
    list = 0x100,              // GICH_LR<n>
};

/// CPU interface (IHI 0048, 4.4).
enum class Gicc : std::size_t {
    control = 0x0000,
    priority_mask = 0x0004,
    binary_point = 0x0008,
    acknowledge = 0x000c,
    end_of_interrupt = 0x0010,
    identification = 0x00fc,
    deactivate = 0x1000,
};

/// GICv2 with virtualization extensions (GIC-400).
class Gicv2 {
public:
    struct Regions {
        Mmio distributor, cpu, virtual_control;
        /// The guest's CPU interface (GICV), of which guests have the first page.
        PhysicalAddress virtual_cpu;
    };

    /// Distributor: everything quiet. Boot CPU.
    void initialise(const Regions& regions);
    /// This CPU's banked registers and interfaces; learns which target bit is this CPU's.
    void initialise_cpu(CpuId cpu);

    [[nodiscard]] std::uint32_t interrupts() const { return interrupts_; }
    void route(Intid spi, CpuId cpu) const;
    void send_sgi(Intid intid, CpuId cpu) const;

    // The interrupt path.
    [[nodiscard]] std::uint32_t acknowledge() const { return cpu_.read(Gicc::acknowledge); }
    void drop_priority(std::uint32_t acknowledged) const
    {
        cpu_.write(Gicc::end_of_interrupt, acknowledged);
    }
    void deactivate(std::uint32_t acknowledged) const
    {
        cpu_.write(Gicc::deactivate, acknowledged);
    }
    void write_list_register(unsigned index, std::uint32_t value) const
    {
        control_.write(list_offset(index), value);
    }
    [[nodiscard]] std::uint32_t read_list_register(unsigned index) const
    {
        return control_.read(list_offset(index));
    }

    [[nodiscard]] Mmio virtual_control() const { return control_; }
    [[nodiscard]] InterruptBanks distributor() const { return distributor_; }
    [[nodiscard]] PhysicalAddress virtual_cpu() const { return virtual_cpu_; }

    /// A CPU interface of GICv2 is two pages; some chips repeat each page to fill 64 KiB, so that
    /// the two adjoin at 60 KiB (Arm's Base System Architecture, for 64 KiB translation granules).
    /// Tells by looking whether the identification register appears again in the second page.
    static bool is_repeated_over_64k(Mmio cpu);
    static constexpr std::size_t repeated_offset = 0xf000;

private:
    static constexpr std::size_t list_offset(unsigned index)
    {
        return static_cast<std::size_t>(Gich::list) + 4 * std::size_t{index};
    }

    InterruptBanks distributor_;
    Mmio cpu_, control_;
    PhysicalAddress virtual_cpu_;
    std::uint32_t interrupts_ = 0;
    std::array<std::uint8_t, max_cpus> target_bit_{};
};

/// GICH_LR<n> (IHI 0048, 5.3.12).
struct GichListRegister : Register<GichListRegister, std::uint32_t> {
    using State = machine::ListRegister::State;

    static constexpr Field<9, 0, Intid> vintid{};
    static constexpr Field<19, 10, Intid> pintid{};          // hardware = 1
    static constexpr Overlay<12, 10, std::uint8_t> source{}; // hardware = 0, SGI
    static constexpr Overlay<19, 19, bool> eoi{};            // hardware = 0
    static constexpr Field<27, 23, std::uint8_t> priority{}; // the upper five bits
    static constexpr Field<29, 28, State> state{};
    static constexpr Field<30, 30, bool> group1{};
    static constexpr Field<31, 31, bool> hardware{};
};

constexpr GichListRegister to_gicv2(machine::ListRegister value)
{
    using From = machine::ListRegister;
    using To = GichListRegister;
    auto result = To{}.with(To::vintid, value.get(From::vintid))
                      .with(To::priority, static_cast<std::uint8_t>(value.get(From::priority) >> 3))
                      .with(To::state, value.get(From::state))
                      .with(To::group1, value.get(From::group1))
                      .with(To::hardware, value.get(From::hardware));
    if (value.get(From::hardware)) return result.with(To::pintid, value.get(From::pintid));
    return result.with(To::source, value.get(From::source)).with(To::eoi, value.get(From::eoi));
}

constexpr machine::ListRegister from_gicv2(GichListRegister value)
{
    using From = GichListRegister;
    using To = machine::ListRegister;
    auto result = To{}.with(To::vintid, value.get(From::vintid))
                      .with(To::priority, static_cast<std::uint8_t>(value.get(From::priority) << 3))
                      .with(To::state, value.get(From::state))
                      .with(To::group1, value.get(From::group1))
                      .with(To::hardware, value.get(From::hardware));
    if (value.get(From::hardware)) return result.with(To::pintid, value.get(From::pintid));
    return result.with(To::source, value.get(From::source)).with(To::eoi, value.get(From::eoi));
}

static_assert(from_gicv2(GichListRegister::from(0x9a00'6c1b)).get(machine::ListRegister::pintid) ==
              Intid{27});
static_assert(to_gicv2(from_gicv2(GichListRegister::from(0x9a00'6c1b))).raw() == 0x9a00'6c1b);

} // namespace bulkhead::driver
