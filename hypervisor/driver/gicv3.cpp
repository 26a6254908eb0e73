#include "driver/gicv3.hpp"

#include "base/bits.hpp"

namespace bulkhead::driver {
namespace {

using namespace arm64;

// GICD_CTLR, seen from a Non-secure or a single security state (12.9.4).
constexpr std::uint32_t enable_group1 = 1U << 1;
constexpr std::uint32_t affinity_routing = 1U << 4;
constexpr std::uint32_t register_write_pending = 1U << 31;

// A redistributor: RD_base and, 64 KiB on, SGI_base (12.10, 12.11).
enum class Gicr : std::size_t { control = 0x0000, type = 0x0008, waker = 0x0014 };
constexpr std::size_t sgi_base = 0x1'0000;
constexpr std::size_t default_stride = 0x2'0000;
constexpr std::size_t stride_with_virtual_lpis = 0x4'0000;

struct GicrTyper : Register<GicrTyper, std::uint64_t> {
    static constexpr Field<1, 1, bool> virtual_lpis{};
    static constexpr Field<4, 4, bool> last{};
    static constexpr Field<63, 32, std::uint32_t> affinity{};
};

constexpr std::uint32_t processor_sleep = 1U << 1;
constexpr std::uint32_t children_asleep = 1U << 2;

// ICC_CTLR_EL1.EOImode: EOIR drops the priority, DIR deactivates.
constexpr std::uint64_t eoi_mode_split = 1U << 1;
// ICC_SRE_EL2: SRE, no FIQ and IRQ bypass, EL1 may use its own.
constexpr std::uint64_t system_registers_for_all = 0xf;
constexpr std::uint64_t ich_enable = 1;

/// GICR_TYPER.Affinity_Value is packed; MPIDR has Aff3 in bits 39 to 32.
std::uint32_t packed_affinity(std::uint64_t mpidr)
{
    return static_cast<std::uint32_t>((mpidr & bits(23, 0)) | ((mpidr & bits(39, 32)) >> 8));
}

} // namespace

void Gicv3::initialise(Mmio distributor, std::span<const RedistributorRegion> redistributors,
                       std::size_t redistributor_stride)
{
    distributor_ = InterruptBanks{distributor};
    redistributors_ = redistributors;
    stride_ = redistributor_stride;
    auto wait = [&] {
        while ((distributor.read(Gicd::control) & register_write_pending) != 0) {
        }
    };
    // Affinity routing cannot be switched off again where it was on (12.9.4).
    distributor.write(Gicd::control, affinity_routing);
    wait();
    // GICD_TYPER.ITLinesNumber: blocks of 32, SPIs end at 1019.
    const auto lines = 32 * ((distributor.read(Gicd::type) & 0x1f) + 1);
    interrupts_ = lines > 1020 ? 1020 : lines;
    distributor_.quiet(32, interrupts_);
    distributor_.set_group(32, interrupts_, true);
    distributor.write(Gicd::control, affinity_routing | enable_group1);
    wait();
    for (std::uint32_t spi = 32; spi < interrupts_; ++spi)
        route(Intid{spi}, MPIDR_EL1::read());
}

Result<void> Gicv3::initialise_cpu(std::uint64_t affinity, InterruptBanks& own)
{
    ICC_SRE_EL2::write(system_registers_for_all);
    isb();
    ICC_SRE_EL1::write(7);
    isb();
    for (const auto& region : redistributors_) {
        std::size_t offset = 0;
        while (offset + default_stride <= region.size) {
            const auto frame = region.registers.at(offset);
            const auto type = GicrTyper::from(frame.read<std::uint64_t>(Gicr::type));
            if (type.get(GicrTyper::affinity) == packed_affinity(affinity)) {
                frame.write(Gicr::waker, frame.read(Gicr::waker) & ~processor_sleep);
                while ((frame.read(Gicr::waker) & children_asleep) != 0) {
                }
                own = InterruptBanks{frame.at(sgi_base)};
                own.quiet(0, 32);
                own.set_group(0, 32, true);
                ICC_PMR_EL1::write(0xff);
                ICC_BPR1_EL1::write(0);
                ICC_CTLR_EL1::write(eoi_mode_split);
                ICC_IGRPEN1_EL1::write(1);
                ICH_VMCR_EL2::write(0);
                for (unsigned i = 0; i < machine::list_register_count(); ++i)
                    write_list_register(i, 0);
                ICH_HCR_EL2::write(ich_enable);
                isb();
                return {};
            }
            if (type.get(GicrTyper::last)) break;
            offset += stride_ != 0                        ? stride_
                      : type.get(GicrTyper::virtual_lpis) ? stride_with_virtual_lpis
                                                          : default_stride;
        }
    }
    return failure(Error::no_device);
}

void Gicv3::route(Intid spi, std::uint64_t affinity) const
{
    distributor_.registers().write(static_cast<std::size_t>(Gicd::route) +
                                       8 * std::size_t{spi.value()},
                                   affinity & (bits(39, 32) | bits(23, 0)));
}

void Gicv3::send_sgi(Intid intid, std::uint64_t affinity)
{
    // The message's data before the message (12.2.20 has no ordering of its own).
    asm volatile("dsb ishst" : : : "memory");
    const auto aff0 = affinity & 0xff;
    ICC_SGI1R_EL1::write(((affinity & bits(39, 32)) << 16) | ((affinity & bits(23, 16)) << 16) |
                         ((affinity & bits(15, 8)) << 8) | ((aff0 >> 4) << 44) |
                         (std::uint64_t{intid.value()} << 24) | bit(aff0 & 0xf));
    isb();
}

#define BULKHEAD_LIST_REGISTERS(each)                                                              \
    each(0, "S3_4_C12_C12_0") each(1, "S3_4_C12_C12_1") each(2, "S3_4_C12_C12_2")                  \
        each(3, "S3_4_C12_C12_3") each(4, "S3_4_C12_C12_4") each(5, "S3_4_C12_C12_5")              \
            each(6, "S3_4_C12_C12_6") each(7, "S3_4_C12_C12_7") each(8, "S3_4_C12_C13_0")          \
                each(9, "S3_4_C12_C13_1") each(10, "S3_4_C12_C13_2") each(11, "S3_4_C12_C13_3")    \
                    each(12, "S3_4_C12_C13_4") each(13, "S3_4_C12_C13_5")                          \
                        each(14, "S3_4_C12_C13_6") each(15, "S3_4_C12_C13_7")

machine::ListRegister Gicv3::read_list_register(unsigned index)
{
    std::uint64_t value = 0;
#define BULKHEAD_READ(number, encoding)                                                            \
    case number: asm volatile("mrs %0, " encoding : "=r"(value)); break;
    switch (index) {
        BULKHEAD_LIST_REGISTERS(BULKHEAD_READ)
    default: break;
    }
    return machine::ListRegister::from(value);
}

void Gicv3::write_list_register(unsigned index, std::uint64_t value)
{
#define BULKHEAD_WRITE(number, encoding)                                                           \
    case number: asm volatile("msr " encoding ", %0" : : "r"(value)); break;
    switch (index) {
        BULKHEAD_LIST_REGISTERS(BULKHEAD_WRITE)
    default: break;
    }
}

} // namespace bulkhead::driver
