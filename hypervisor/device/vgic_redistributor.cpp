#include "device/vgic.hpp"

/// A vCPU's redistributor (IHI 0069, 12.10 and 12.11): its own registers, and in the second frame
/// those of its private interrupts. There are no LPIs. A GICv2 has none, and in their place the
/// second page of GICV that traps: GICV_DIR (IHI 0048, 5.5), and nothing else.
namespace bulkhead::device {
namespace {

constexpr std::uint64_t gicr_iidr = 0x04;
constexpr std::uint64_t gicr_typer = 0x08;
constexpr std::uint64_t gicr_past_typer = 0x10;
constexpr std::uint64_t gicr_waker = 0x14;
/// Those of LPIs are 64 bits wide: GICR_SETLPIR to GICR_INVALLR.
constexpr std::uint64_t first_of_lpis = 0x40;
constexpr std::uint64_t past_lpis = 0xb8;
constexpr std::uint64_t gicr_first_fields = gic::sgi_frame + 0x400;
constexpr std::uint64_t gicr_past_fields = gic::sgi_frame + 0xf00;

bool has_size(std::uint64_t offset, unsigned size)
{
    return size == 4 || (size == 8 && offset >= first_of_lpis && offset < past_lpis);
}

} // namespace

Read Vgic::read_redistributor_other(VcpuId of, VcpuId by, std::uint64_t offset, unsigned size)
{
    if (!is_aligned(offset, size)) return {.access = Access::abort};
    if (is_v2()) return {.access = size == 4 ? Access::done : Access::abort};
    if (offset >= gicr_typer && offset < gicr_past_typer) {
        if (size < 4) return {.access = Access::abort};
        using T = gic::RedistributorType;
        const auto type = T{}.with(T::last, of.value() + 1 == configuration_.vcpus)
                              .with(T::processor_number, of.value())
                              .with(T::affinity, affinity_of(of));
        return {.value = size == 8              ? type.raw()
                         : offset == gicr_typer ? type.raw() & 0xffff'ffff
                                                : type.raw() >> 32};
    }
    const Guard guard{lock_};
    if (offset >= gicr_first_fields && offset < gicr_past_fields)
        return read_fields({of, by}, offset - gic::sgi_frame, size);
    if (!has_size(offset, size)) return {.access = Access::abort};
    if (offset == gicr_iidr) return {.value = gic::implementer};
    if (offset == gicr_waker) {
        const bool asleep = delivery_.cpu(of).asleep;
        return {.value = gic::Waker{}
                             .with(gic::Waker::processor_sleep, asleep)
                             .with(gic::Waker::children_asleep, asleep)
                             .raw()};
    }
    return {.value = gic::identification_v3(offset, gic::redistributor_part)};
}

Access Vgic::write_redistributor_other(VcpuId of, VcpuId by, std::uint64_t offset, unsigned size,
                                       std::uint64_t value)
{
    if (!is_aligned(offset, size)) return Access::abort;
    if (is_v2()) {
        if (size != 4) return Access::abort;
        if (offset == 0) return deactivate(by, Intid{static_cast<std::uint32_t>(value) & 0x3ff});
        return Access::done;
    }
    const Guard guard{lock_};
    if (offset >= gicr_first_fields && offset < gicr_past_fields)
        return write_fields({of, by}, offset - gic::sgi_frame, size, value);
    if (!has_size(offset, size) && !(size == 8 && offset == gicr_typer)) return Access::abort;
    if (offset == gicr_waker) {
        if (!delivery_.reclaim_all(by)) return Access::retry;
        const auto written = gic::Waker::from(static_cast<std::uint32_t>(value));
        delivery_.set_asleep(delivery_.cpu(of), written.get(gic::Waker::processor_sleep), by);
    }
    return Access::done;
}

} // namespace bulkhead::device
