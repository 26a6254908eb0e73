#include "device/vgic.hpp"

/// A vCPU's redistributor (IHI 0069, 12.10 and 12.11): its own registers, and in the second frame
/// those of its private interrupts. There are no LPIs.
namespace bulkhead::device {
namespace {

constexpr std::uint64_t iidr = 0x04;
constexpr std::uint64_t typer = 0x08;
constexpr std::uint64_t past_typer = 0x10;
constexpr std::uint64_t waker = 0x14;
/// Those of LPIs are 64 bits wide: GICR_SETLPIR to GICR_INVALLR.
constexpr std::uint64_t first_of_lpis = 0x40;
constexpr std::uint64_t past_lpis = 0xb8;
constexpr std::uint64_t sgi_frame = 0x10000;
constexpr std::uint64_t first_group = 0x80;
constexpr std::uint64_t ispendr0 = 0x200;
constexpr std::uint64_t icactiver0 = 0x380;
constexpr std::uint64_t past_groups = 0xf00;

bool has_size(std::uint64_t offset, unsigned size)
{
    return size == 4 || (size == 8 && offset >= first_of_lpis && offset < past_lpis);
}

} // namespace

Read Vgic::read_redistributor(VcpuId of, VcpuId by, std::uint64_t offset, unsigned size)
{
    if (!is_aligned(offset, size)) return {.access = Access::abort};
    if (offset >= typer && offset < past_typer) {
        if (size < 4) return {.access = Access::abort};
        using T = gic::RedistributorType;
        const auto type = T{}.with(T::last, of.value() + 1 == configuration_.vcpus)
                              .with(T::processor_number, of.value())
                              .with(T::affinity, affinity_of(of));
        return {.value = size == 8         ? type.raw()
                         : offset == typer ? type.raw() & 0xffff'ffff
                                           : type.raw() >> 32};
    }
    const auto in_frame = offset - sgi_frame;
    const Guard guard{lock_};
    if (offset >= sgi_frame && in_frame >= first_group && in_frame < past_groups)
        return read_bits({Frame::redistributor, of, by}, in_frame, size);
    if (!has_size(offset, size)) return {.access = Access::abort};
    if (offset == iidr) return {.value = gic::implementer};
    if (offset == waker) {
        const bool asleep = delivery_.cpu(of).asleep;
        return {.value = gic::Waker{}
                             .with(gic::Waker::processor_sleep, asleep)
                             .with(gic::Waker::children_asleep, asleep)
                             .raw()};
    }
    return {.value = gic::identification_v3(offset, gic::redistributor_part)};
}

Access Vgic::write_redistributor(VcpuId of, VcpuId by, std::uint64_t offset, unsigned size,
                                 std::uint64_t value)
{
    if (!is_aligned(offset, size)) return Access::abort;
    const auto in_frame = offset - sgi_frame;
    const Guard guard{lock_};
    auto& c = delivery_.cpu(of);
    // Another vCPU's timer may be pending or active without memory's knowing.
    if (of != by && in_frame >= ispendr0 && in_frame <= icactiver0 &&
        (value & c.timer_mask & ~c.own.resident) != 0 && !delivery_.is_known(c.own, by))
        return Access::retry;
    if (offset >= sgi_frame && in_frame >= first_group && in_frame < past_groups)
        return write_bits({Frame::redistributor, of, by}, in_frame, size, value);
    if (!has_size(offset, size) && !(size == 8 && offset == typer)) return Access::abort;
    if (offset == waker) {
        const auto written = gic::Waker::from(static_cast<std::uint32_t>(value));
        delivery_.set_asleep(c, written.get(gic::Waker::processor_sleep), by);
    }
    return Access::done;
}

} // namespace bulkhead::device
