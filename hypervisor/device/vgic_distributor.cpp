#include "device/vgic.hpp"

/// The distributor's own registers (IHI 0069, 12.9; IHI 0048, 4.3).
namespace bulkhead::device {
namespace {

using Control = gic::DistributorControl;

constexpr std::uint64_t ctlr = 0x0;
constexpr std::uint64_t typer = 0x4;
constexpr std::uint64_t iidr = 0x8;
constexpr std::uint64_t first_group = 0x80;
constexpr std::uint64_t past_groups = 0xf30;
constexpr std::uint64_t irouter = 0x6000;
constexpr std::uint64_t past_irouter = 0x8000;

constexpr std::uint32_t affinity_mask = 0x00ff'ffff;
constexpr std::uint32_t any_target_bit = 0x8000'0000; // GICD_IROUTER<n>.Interrupt_Routing_Mode

} // namespace

Read Vgic::read_distributor(VcpuId by, std::uint64_t offset, unsigned size)
{
    if (!is_aligned(offset, size)) return {.access = Access::abort};
    const bool v3 = configuration_.version == GicVersion::v3;
    if (offset < first_group) {
        if (size != 4) return {.access = Access::abort};
        if (offset == typer) return {.value = distributor_type().raw()};
        if (offset == iidr) return {.value = gic::implementer};
        const Guard guard{lock_};
        return {.value = offset == ctlr ? control_.raw() : 0};
    }
    const Guard guard{lock_};
    if (offset < past_groups) return read_interrupts(Scope::distributor, by, by, offset, size);
    if (v3 && offset >= irouter && offset < past_irouter) return read_route(by, offset, size);
    if (size != 4) return {.access = Access::abort};
    return {.value = v3 ? gic::identification_v3(offset, gic::distributor_part)
                        : gic::identification_v2(offset)};
}

Access Vgic::write_distributor(VcpuId by, std::uint64_t offset, unsigned size, std::uint64_t value)
{
    if (!is_aligned(offset, size)) return Access::abort;
    const Guard guard{lock_};
    if (offset >= first_group && offset < past_groups)
        return write_interrupts(Scope::distributor, by, by, offset, size, value);
    if (configuration_.version == GicVersion::v3 && offset >= irouter && offset < past_irouter)
        return write_route(by, offset, size, value);
    if (size != 4) return Access::abort;
    if (offset == ctlr) set_control(Control::from(static_cast<std::uint32_t>(value)), by);
    return Access::done;
}

gic::DistributorType Vgic::distributor_type() const
{
    using T = gic::DistributorType;
    const auto type = T{}.with(T::it_lines, configuration_.spis / interrupts_per_bank);
    if (configuration_.version == GicVersion::v2)
        return type.with(T::cpu_number, configuration_.vcpus - 1);
    return type.with(T::id_bits, 9).with(T::affinity3, true);
}

/// The group enables; all else of GICD_CTLR is fixed, and takes effect at once (RWP = 0).
void Vgic::set_control(Control value, VcpuId by)
{
    const auto next = control_.with(Control::enable_group0, value.get(Control::enable_group0))
                          .with(Control::enable_group1, value.get(Control::enable_group1));
    if (next == control_) return;
    control_ = next;
    for (unsigned index = 1; index < bank_count(); ++index) {
        auto& bank = spis_[index - 1];
        follow_enables(bank);
        for (const unsigned position : each_bit((bank.pending() | bank.held) & ~bank.resident)) {
            place(at(bank, position), by);
        }
    }
    for (auto& c : cpus_) {
        c.changed_slots = c.used;
        c.timers_changed = true;
        notify(c.id, by);
    }
}

/// GICD_IROUTER<n>, 64 bits for each SPI, by halves if the guest likes.
Read Vgic::read_route(VcpuId by, std::uint64_t offset, unsigned size)
{
    if (size < 4) return {.access = Access::abort};
    const Intid id{static_cast<std::uint32_t>(offset - irouter) / 8};
    if (id.value() < first_spi || !exists(id)) return {};
    const auto i = at(by, id);
    const auto route = shared(i).route[i.position()];
    const std::uint64_t low =
        (route & affinity_mask) | (i.is(&Bank::any_target) ? any_target_bit : 0);
    const std::uint64_t whole = std::uint64_t{route >> 24} << 32 | low;
    if (size == 8) return {.value = whole};
    return {.value = offset % 8 == 0 ? low : whole >> 32};
}

Access Vgic::write_route(VcpuId by, std::uint64_t offset, unsigned size, std::uint64_t value)
{
    if (size < 4) return Access::abort;
    const Intid id{static_cast<std::uint32_t>(offset - irouter) / 8};
    if (id.value() < first_spi || !exists(id)) return Access::done;
    const auto i = at(by, id);
    auto route = shared(i).route[i.position()];
    bool any = i.is(&Bank::any_target);
    const bool upper_half = size == 4 && offset % 8 != 0;
    if (!upper_half) {
        route = (route & ~affinity_mask) | (static_cast<std::uint32_t>(value) & affinity_mask);
        any = (value & any_target_bit) != 0;
    }
    const auto aff3 = static_cast<std::uint32_t>(upper_half ? value : value >> 32) & 0xff;
    if (upper_half || size == 8) route = (route & affinity_mask) | aff3 << 24;
    set_route(i, route, any, by);
    return Access::done;
}

} // namespace bulkhead::device
