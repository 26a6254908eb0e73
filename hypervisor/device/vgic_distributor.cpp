#include "device/vgic.hpp"

/// The distributor's own registers (IHI 0069, 12.9; IHI 0048, 4.3).
namespace bulkhead::device {
namespace {

using Ctlr = gic::DistributorControl;

constexpr std::uint64_t ctlr = 0x0;
constexpr std::uint64_t iidr = 0x8;
constexpr std::uint64_t first_fields = 0x400;
constexpr std::uint64_t past_fields = 0xf30;
constexpr std::uint64_t irouter = 0x6000;
constexpr std::uint64_t past_irouter = 0x8000;

constexpr std::uint32_t affinity_mask = 0x00ff'ffff;
constexpr std::uint32_t any_target_bit = 0x8000'0000; // GICD_IROUTER<n>.Interrupt_Routing_Mode

Intid routed(std::uint64_t offset)
{
    return Intid{static_cast<std::uint32_t>(offset - irouter) / 8};
}

} // namespace

Read Vgic::read_distributor_other(VcpuId by, std::uint64_t offset, unsigned size)
{
    if (!is_aligned(offset, size)) return {.access = Access::abort};
    if (offset < first_fields) {
        if (size != 4) return {.access = Access::abort};
        if (offset == iidr) return {.value = gic::implementer};
        const Guard guard{lock_};
        return {.value = offset == ctlr ? delivery_.control().raw() : 0};
    }
    const Guard guard{lock_};
    if (offset < past_fields) return read_fields(distributor(by), offset, size);
    if (!is_v2() && offset >= irouter && offset < past_irouter)
        return read_route(routed(offset), offset, size);
    if (size != 4) return {.access = Access::abort};
    return {.value = is_v2() ? gic::identification_v2(offset)
                             : gic::identification_v3(offset, gic::distributor_part)};
}

Access Vgic::write_distributor_other(VcpuId by, std::uint64_t offset, unsigned size,
                                     std::uint64_t value)
{
    if (!is_aligned(offset, size)) return Access::abort;
    const Guard guard{lock_};
    if (offset >= first_fields && offset < past_fields)
        return write_fields(distributor(by), offset, size, value);
    if (!is_v2() && offset >= irouter && offset < past_irouter)
        return write_route(routed(offset), by, offset, size, value);
    if (size != 4) return Access::abort;
    if (offset != ctlr) return Access::done;
    // The group enables; all else is fixed, and takes effect at once (RWP = 0).
    const auto written = Ctlr::from(static_cast<std::uint32_t>(value));
    const auto old = delivery_.control();
    const auto next = old.with(Ctlr::enable_group0, written.get(Ctlr::enable_group0))
                          .with(Ctlr::enable_group1, written.get(Ctlr::enable_group1));
    if (next == old) return Access::done;
    if (!delivery_.reclaim_all(by)) return Access::retry;
    delivery_.set_groups(next, by);
    return Access::done;
}

/// GICD_IROUTER<n>, 64 bits for each SPI, by halves if the guest likes.
Read Vgic::read_route(Intid id, std::uint64_t offset, unsigned size)
{
    if (size < 4) return {.access = Access::abort};
    if (id.value() < first_spi || !delivery_.exists(id)) return {};
    const auto i = delivery_.at(nobody, id);
    const auto route = delivery_.shared(i).route[i.position()];
    const auto low = (route & affinity_mask) | (i.is(&Bank::any_target) ? any_target_bit : 0);
    if (size == 8) return {.value = std::uint64_t{route >> 24} << 32 | low};
    return {.value = offset % 8 == 0 ? low : route >> 24};
}

Access Vgic::write_route(Intid id, VcpuId by, std::uint64_t offset, unsigned size,
                         std::uint64_t value)
{
    if (size < 4) return Access::abort;
    if (id.value() < first_spi || !delivery_.exists(id)) return Access::done;
    const auto i = delivery_.at(nobody, id);
    if (!reclaim(*i.bank, i.mask(), by)) return Access::retry;
    auto route = delivery_.shared(i).route[i.position()];
    bool any = i.is(&Bank::any_target);
    const auto low = static_cast<std::uint32_t>(value);
    const bool upper_half = offset % 8 != 0;
    if (!upper_half) {
        route = (route & ~affinity_mask) | (low & affinity_mask);
        any = (low & any_target_bit) != 0;
    }
    const auto high = upper_half ? low : static_cast<std::uint32_t>(value >> 32);
    if (upper_half || size == 8) route = (route & affinity_mask) | high << 24;
    delivery_.set_route(i, route, any, by);
    return Access::done;
}

} // namespace bulkhead::device
