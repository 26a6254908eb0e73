#pragma once

#include "base/register.hpp"

#include <cstdint>

/// Registers of the GIC that have fields (GIC architecture specification, IHI 0069, 12.9 to 12.11,
/// and GICv2, IHI 0048, 4.3), as a guest with one security state (GICD_CTLR.DS = 1) sees them.
namespace bulkhead::device::gic {

/// GICD_CTLR. GICv2 has the group enables only.
struct DistributorControl : Register<DistributorControl, std::uint32_t> {
    static constexpr Field<0, 0, bool> enable_group0{};
    static constexpr Field<1, 1, bool> enable_group1{};
    static constexpr Field<4, 4, bool> affinity_routing{}; // ARE
    static constexpr Field<6, 6, bool> disable_security{}; // DS
};

/// GICD_TYPER.
struct DistributorType : Register<DistributorType, std::uint32_t> {
    static constexpr Field<4, 0, unsigned> it_lines{};   // banks of 32 interrupts, minus one
    static constexpr Field<7, 5, unsigned> cpu_number{}; // GICv2: CPU interfaces, minus one
    static constexpr Field<23, 19, unsigned> id_bits{};  // bits of an INTID, minus one
    static constexpr Field<24, 24, bool> affinity3{};    // A3V
};

/// GICD_SGIR (GICv2).
struct SoftwareGenerated : Register<SoftwareGenerated, std::uint32_t> {
    enum class Filter : std::uint8_t { listed = 0, all_but_self = 1, only_self = 2 };
    static constexpr Field<3, 0, std::uint32_t> intid{};
    static constexpr Field<23, 16, std::uint8_t> target_list{};
    static constexpr Field<25, 24, Filter> filter{};
};

/// ICC_SGI0R_EL1, ICC_SGI1R_EL1, ICC_ASGI1R_EL1.
struct SgiRequest : Register<SgiRequest, std::uint64_t> {
    static constexpr Field<15, 0, std::uint16_t> target_list{};
    static constexpr Field<23, 16, std::uint32_t> aff1{};
    static constexpr Field<27, 24, std::uint32_t> intid{};
    static constexpr Field<39, 32, std::uint32_t> aff2{};
    static constexpr Field<40, 40, bool> all_but_self{};   // IRM
    static constexpr Field<47, 44, std::uint32_t> range{}; // RS
    static constexpr Field<55, 48, std::uint32_t> aff3{};
};

/// GICR_TYPER.
struct RedistributorType : Register<RedistributorType, std::uint64_t> {
    static constexpr Field<4, 4, bool> last{};
    static constexpr Field<23, 8, unsigned> processor_number{};
    static constexpr Field<63, 32, std::uint32_t> affinity{};
};

/// GICR_WAKER.
struct Waker : Register<Waker, std::uint32_t> {
    static constexpr Field<1, 1, bool> processor_sleep{};
    static constexpr Field<2, 2, bool> children_asleep{};
};

/// GICD_IIDR, GICR_IIDR: product 'B', implementer Arm (JEP106 0x43b), whose architecture it is.
inline constexpr std::uint32_t implementer = 0x4200'043b;

/// Registers with a bit, two bits or a byte per interrupt: in units of 128 bytes, each of which
/// has, where it is a bit, a word for every bank (IHI 0069, 12.8; IHI 0048, 4.1.2).
enum Group : unsigned {
    igroupr = 0x080 >> 7,
    isenabler = 0x100 >> 7,
    icenabler = 0x180 >> 7,
    ispendr = 0x200 >> 7,
    icpendr = 0x280 >> 7,
    isactiver = 0x300 >> 7,
    icactiver = 0x380 >> 7,
    ipriorityr = 0x400 >> 7,
    itargetsr = 0x800 >> 7,
    icfgr = 0xc00 >> 7,
    past_icfgr = 0xd00 >> 7,
};
inline constexpr std::uint64_t typer = 0x4;         // GICD_TYPER
inline constexpr std::uint64_t sgi_frame = 0x10000; // in a redistributor
/// One bit per interrupt: GICD_IGROUPR0 to GICD_ICACTIVER31.
constexpr bool has_bits(std::uint64_t offset, unsigned size)
{
    return offset - 0x80 < 0x400 - 0x80 && size == 4 && offset % 4 == 0;
}
constexpr unsigned group_at(std::uint64_t offset) { return static_cast<unsigned>(offset >> 7); }
constexpr unsigned bank_index(std::uint64_t offset)
{
    return static_cast<unsigned>(offset >> 2) & 0x1f;
}

/// Identification registers (IHI 0069, 12.1.5; IHI 0048, 4.3.18): 0 at other offsets. Parts are
/// GIC-500's and GIC-400's; what software looks at is the architecture's version in PIDR2.
inline constexpr std::uint8_t distributor_part = 0x92;
inline constexpr std::uint8_t redistributor_part = 0x93;
constexpr std::uint32_t identification(std::uint64_t offset, std::uint64_t first, std::uint8_t part,
                                       std::uint8_t architecture, std::uint8_t peripheral4)
{
    const std::uint8_t values[] = {peripheral4,  0, 0,    0,    part, 0xb4,
                                   architecture, 0, 0x0d, 0xf0, 5,    0xb1};
    const auto n = (offset - first) / 4;
    return offset >= first && n < sizeof(values) ? values[n] : 0;
}
constexpr std::uint32_t identification_v3(std::uint64_t offset, std::uint8_t part)
{
    return identification(offset, 0xffd0, part, 0x3b, 0x44);
}
constexpr std::uint32_t identification_v2(std::uint64_t offset)
{
    return identification(offset, 0xfd0, 0x90, 0x2b, 0x04);
}
static_assert(identification_v3(0xffe8, distributor_part) == 0x3b);
static_assert(identification_v2(0xfe8) == 0x2b && identification_v2(0xff0) == 0x0d);

} // namespace bulkhead::device::gic
