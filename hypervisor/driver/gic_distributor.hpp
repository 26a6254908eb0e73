#pragma once

#include "base/types.hpp"
#include "driver/mmio.hpp"

namespace bulkhead::driver {

/// Offsets that GICD and, from SGI_base, a GICv3 redistributor have in common
/// (IHI 0069, tables 12-25 and 12-29; IHI 0048, table 4-1).
enum class Gicd : std::size_t {
    control = 0x0000,       // GICD_CTLR
    type = 0x0004,          // GICD_TYPER
    group = 0x0080,         // GICD_IGROUPR<n>
    set_enable = 0x0100,    // GICD_ISENABLER<n>
    clear_enable = 0x0180,  // GICD_ICENABLER<n>
    set_pending = 0x0200,   // GICD_ISPENDR<n>
    clear_pending = 0x0280, // GICD_ICPENDR<n>
    set_active = 0x0300,    // GICD_ISACTIVER<n>
    clear_active = 0x0380,  // GICD_ICACTIVER<n>
    priority = 0x0400,      // GICD_IPRIORITYR<n>, a byte each
    target = 0x0800,        // GICD_ITARGETSR<n>, a byte each (GICv2)
    configuration = 0x0c00, // GICD_ICFGR<n>, two bits each
    sgi = 0x0f00,           // GICD_SGIR (GICv2)
    route = 0x6000,         // GICD_IROUTER<n>, eight bytes each (GICv3)
};

/// One priority for everything Bulkhead takes: what comes first is decided by the guests' vGICs.
inline constexpr std::uint8_t host_priority = 0xa0;

/// The one-bit-an-interrupt banks of a distributor or redistributor.
class InterruptBanks {
public:
    constexpr InterruptBanks() = default;
    explicit InterruptBanks(Mmio registers) : registers_(registers) {}

    /// Writes the bit of `intid` alone: these registers have set and clear halves.
    void set(Gicd bank, Intid intid) const
    {
        registers_.write(word(bank, intid.value() / 32), std::uint32_t{1} << (intid.value() % 32));
    }
    [[nodiscard]] bool get(Gicd bank, Intid intid) const
    {
        return (registers_.read(word(bank, intid.value() / 32)) >> (intid.value() % 32) & 1) != 0;
    }
    /// Edge or level; the interrupt must be disabled (IHI 0069, 12.9.7).
    void set_trigger(Intid intid, bool edge) const;
    void set_priority(Intid intid, std::uint8_t priority) const
    {
        registers_.write(static_cast<std::size_t>(Gicd::priority) + intid.value(), priority);
    }
    /// Disabled, not pending, not active, level, host_priority: interrupts [first, last).
    void quiet(std::uint32_t first, std::uint32_t last) const;
    void set_group(std::uint32_t first, std::uint32_t last, bool group1) const;

    [[nodiscard]] Mmio registers() const { return registers_; }

private:
    static std::size_t word(Gicd bank, std::uint32_t index)
    {
        return static_cast<std::size_t>(bank) + 4 * std::size_t{index};
    }

    Mmio registers_;
};

} // namespace bulkhead::driver
