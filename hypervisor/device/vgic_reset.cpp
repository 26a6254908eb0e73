#include "device/vgic_delivery.hpp"
#include "machine/physical_interrupt.hpp"

#include <new>

/// Making the virtual GIC, and the state it starts with.
namespace bulkhead::device {
namespace {

constexpr std::uint32_t all_sgis = 0xffff;
/// INTIDs 1020 to 1023 are special (IHI 0069, 2.2.1).
constexpr std::uint32_t special_intids = 1020;

template <typename T>
std::span<T> carve(std::span<std::byte>& memory, std::size_t count)
{
    const std::span<T> made{reinterpret_cast<T*>(memory.data()), count};
    for (auto& element : made)
        new (&element) T{};
    memory = memory.subspan(count * sizeof(T));
    return made;
}

} // namespace

VgicDelivery::VgicDelivery(const VgicConfiguration& configuration, std::span<std::byte> memory)
    : configuration_(configuration), list_registers_(machine::list_register_count()),
      cpus_(carve<CpuInterface>(memory, configuration.vcpus)),
      spis_(carve<SharedBank>(memory, configuration.spis / interrupts_per_bank))
{
    for (std::uint32_t n = 0; n < cpus_.size(); ++n) {
        cpus_[n].id = VcpuId{n};
        cpus_[n].own.owner = static_cast<std::uint16_t>(n);
    }
    for (std::uint32_t n = 0; n < spis_.size(); ++n)
        spis_[n].index = static_cast<std::uint16_t>(n + 1);
    reset();
}

bool VgicDelivery::exists(Intid id) const
{
    return id.value() < first_spi + configuration_.spis && id.value() < special_intids;
}

Interrupt VgicDelivery::at(VcpuId of, Intid id)
{
    auto& bank = id.value() < first_spi ? cpu(of).own : spis_[id.value() / interrupts_per_bank - 1];
    return at(bank, id.value() % interrupts_per_bank);
}

Interrupt VgicDelivery::at(Bank& bank, unsigned position)
{
    const Intid id{bank.index * interrupts_per_bank + position};
    const std::uint32_t holder =
        bank.index == 0 ? std::uint32_t{bank.owner}
                        : std::uint32_t{static_cast<SharedBank&>(bank).holder[position]};
    return {.bank = &bank, .id = id, .holder = VcpuId{holder}};
}

void VgicDelivery::link(Interrupt i, Intid physical)
{
    i.set(&Bank::linked);
    i.bank->physical[i.position()] = static_cast<std::uint16_t>(physical.value());
}

/// What reset leaves: the links, and the input signals, which are their devices'. Interrupts are
/// in group 1 of a GICv3, as a guest finds them whose firmware has set it up, and in group 0 of a
/// GICv2, where a guest without security leaves them.
void VgicDelivery::reset_bank(Bank& bank)
{
    // An SPI may have arrived with nobody there to hand it to.
    const bool is_shared = bank.index != 0;
    for (const unsigned position : each_bit(is_shared ? bank.linked : bank.physically_active))
        machine::deactivate_physical(Intid{bank.physical[position]});
    for (const unsigned position : each_bit(is_shared ? bank.linked & bank.edge : 0)) {
        const Intid physical{bank.physical[position]};
        machine::set_physical_trigger(physical, false);
        machine::clear_physical_pending(physical);
    }
    const Bank old = bank;
    bank = {};
    bank.index = old.index;
    bank.owner = old.owner;
    bank.linked = old.linked;
    bank.physical = old.physical;
    bank.line = old.line;
    bank.physically_enabled = old.physically_enabled;
    bank.group1 = is_v2() ? 0 : ~0U;
    follow_enables(bank);
}

/// SGIs are enabled, as on GIC-400.
void VgicDelivery::reset_private(CpuInterface& c)
{
    reset_bank(c.own);
    c.own.enabled = all_sgis;
    c.own.edge = all_sgis;
    c.waiting[0] = 0;
    c.waiting_banks &= ~mask_of(0);
    c.sgi_sources = {};
    c.sgi_active_source = {};
    c.asleep = true;
}

void VgicDelivery::reset()
{
    control_ = gic::DistributorControl{}
                   .with(gic::DistributorControl::affinity_routing, !is_v2())
                   .with(gic::DistributorControl::disable_security, !is_v2());
    for (auto& c : cpus_) {
        reset_private(c);
        c.waiting = {};
        c.waiting_banks = 0;
        c.asked_at = 0;
    }
    // SPIs go to the first vCPU, which those of Xen's guests count on that route none.
    for (auto& bank : spis_) {
        reset_bank(bank);
        bank.route.fill(is_v2() ? 1 : affinity_of(VcpuId{0}));
        bank.holder = {};
        for (const unsigned position : each_bit(bank.linked))
            follow_route(at(bank, position));
    }
}

} // namespace bulkhead::device
