#include "device/vgic.hpp"

#include "machine/physical_interrupt.hpp"

#include <new>

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

Vgic::Vgic(const VgicConfiguration& configuration, std::span<std::byte> memory)
    : configuration_(configuration),
      priority_mask_(static_cast<std::uint8_t>(0xff << (8 - machine::virtual_priority_bits()))),
      list_registers_(machine::list_register_count()),
      cpus_(carve<CpuInterface>(memory, configuration.vcpus)),
      spis_(carve<SharedBank>(memory, configuration.spis / interrupts_per_bank))
{
    for (std::uint32_t n = 0; n < configuration.vcpus; ++n) {
        cpus_[n].id = VcpuId{n};
        cpus_[n].own.owner = static_cast<std::uint16_t>(n);
    }
    for (std::uint32_t n = 0; n < spis_.size(); ++n)
        spis_[n].index = static_cast<std::uint16_t>(n + 1);
    reset();
}

bool Vgic::exists(Intid id) const
{
    return id.value() < first_spi + configuration_.spis && id.value() < special_intids;
}

SharedBank& Vgic::shared(Interrupt i) { return spis_[i.id.value() / interrupts_per_bank - 1]; }

Interrupt Vgic::at(VcpuId of, Intid id)
{
    auto& bank = id.value() < first_spi ? cpu(of).own : spis_[id.value() / interrupts_per_bank - 1];
    return at(bank, id.value() % interrupts_per_bank);
}

Interrupt Vgic::at(Bank& bank, unsigned position)
{
    const Intid id{bank.index * interrupts_per_bank + position};
    const std::uint32_t holder =
        bank.index == 0 ? std::uint32_t{bank.owner}
                        : std::uint32_t{static_cast<SharedBank&>(bank).holder[position]};
    return {.bank = &bank, .id = id, .holder = VcpuId{holder}};
}

void Vgic::attach(VcpuId vcpu, sched::Unit& unit)
{
    const Guard guard{lock_};
    cpu(vcpu).unit = &unit;
}

void Vgic::link(Interrupt i, Intid physical)
{
    i.set(&Bank::linked);
    i.bank->physical[i.position()] = static_cast<std::uint16_t>(physical.value());
}

void Vgic::link_private(VcpuId vcpu, Intid virtual_ppi, Intid physical_ppi)
{
    const Guard guard{lock_};
    link(at(vcpu, virtual_ppi), physical_ppi);
}

void Vgic::link_timer(VcpuId vcpu, unsigned timer, Intid virtual_ppi, Intid physical_ppi)
{
    const Guard guard{lock_};
    auto& c = cpu(vcpu);
    c.timer[timer] = virtual_ppi;
    c.timer_mask |= std::uint32_t{1} << virtual_ppi.value();
    link(at(vcpu, virtual_ppi), physical_ppi);
}

void Vgic::link_shared(Intid virtual_spi, Intid physical_spi)
{
    const Guard guard{lock_};
    link(at(nobody, virtual_spi), physical_spi);
}

/// What reset leaves: the links, and the input signals, which are their devices'. Interrupts are
/// in group 1 of a GICv3, as a guest finds them whose firmware has set it up, and in group 0 of a
/// GICv2, where a guest without security leaves them. SGIs are enabled, as on GIC-400.
void Vgic::reset_bank(Bank& bank)
{
    for (const unsigned position : each_bit(bank.physically_active))
        machine::deactivate_physical(Intid{bank.physical[position]});
    const Bank old = bank;
    bank = {};
    bank.index = old.index;
    bank.owner = old.owner;
    bank.linked = old.linked;
    bank.physical = old.physical;
    bank.line = old.line;
    bank.physically_enabled = old.physically_enabled;
    bank.group1 = configuration_.version == GicVersion::v3 ? ~0U : 0;
    follow_enables(bank);
}

void Vgic::reset_private(CpuInterface& c)
{
    reset_bank(c.own);
    c.own.enabled = all_sgis;
    c.own.edge = all_sgis;
    c.sgi_sources = {};
    c.sgi_active_source = {};
    c.asleep = true;
}

void Vgic::reset()
{
    const Guard guard{lock_};
    const bool v3 = configuration_.version == GicVersion::v3;
    control_ = gic::DistributorControl{}
                   .with(gic::DistributorControl::affinity_routing, v3)
                   .with(gic::DistributorControl::disable_security, v3);
    for (auto& c : cpus_) {
        reset_private(c);
        c.waiting = {};
        c.waiting_banks = 0;
        c.asked_at = 0;
    }
    for (auto& bank : spis_) {
        reset_bank(bank);
        bank.route.fill(v3 ? affinity_of(VcpuId{0}) : 1);
        bank.holder = {};
    }
}

void Vgic::reset_vcpu(VcpuId vcpu)
{
    const Guard guard{lock_};
    reset_private(cpu(vcpu));
}

} // namespace bulkhead::device
