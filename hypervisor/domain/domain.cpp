#include "domain/domain.hpp"

#include "base/log.hpp"
#include "device/guest_layout.hpp"
#include "machine/time.hpp"
#include "sched/run_loop.hpp"

namespace bulkhead::domain {
namespace {

namespace layout = device::guest_layout;

constexpr std::uint64_t mpidr_one = std::uint64_t{1} << 31; // RES1

} // namespace

Result<Domain*> Domain::create(const Configuration& configuration)
{
    auto& pool = memory::page_pool();
    // VMID 0 is what EL2 has when it runs no guest.
    auto map = memory::Stage2Map::create(pool, configuration.id.value());
    if (!map) return failure(map.error());
    auto vgic = pool.allocate_bytes(device::Vgic::memory_needed(configuration.vgic), cache_line);
    if (!vgic) return failure(vgic.error());
    auto vcpus = pool.create_array<Vcpu>(configuration.vgic.vcpus);
    if (!vcpus) return failure(vcpus.error());
    return pool.create<Domain>(configuration, *map,
                               std::span{*vgic, device::Vgic::memory_needed(configuration.vgic)},
                               *vcpus);
}

Domain::Domain(const Configuration& configuration, memory::Stage2Map map, std::span<std::byte> vgic,
               std::span<Vcpu> vcpus)
    : id_(configuration.id), name_(configuration.name), gic_version_(configuration.vgic.version),
      memory_(map), vgic_(configuration.vgic, vgic), console_(configuration.id), vcpus_(vcpus)
{
    if (configuration.has_vpl011)
        vpl011_.emplace(Callback<void(char)>::to<&device::DomainConsole::put>(console_),
                        Callback<void(bool)>::to<&Domain::set_vpl011_line>(*this));
    // One for all: the vCPUs' virtual counters agree.
    const auto counter_offset = machine::now().value();
    for (std::uint32_t i = 0; i < vcpus_.size(); ++i) {
        auto& vcpu = vcpus_[i];
        vcpu.id = VcpuId{i};
        vcpu.domain = this;
        vcpu.has_guest = true;
        vcpu.timer_interrupt = configuration.timer_interrupts;
        machine::set_identity(vcpu.registers, {.affinity = device::affinity_of(vcpu.id) | mpidr_one,
                                               .vttbr = memory_.vttbr(),
                                               .counter_offset = counter_offset,
                                               .trap_wait = configuration.trap_wait});
        vgic_.attach(vcpu.id, vcpu);
        vgic_.link_timer(vcpu.id, 0, layout::virtual_timer, configuration.timer_interrupts[0]);
        vgic_.link_timer(vcpu.id, 1, layout::physical_timer, configuration.timer_interrupts[1]);
    }
}

void Domain::set_vpl011_line(bool high) { vgic_.set_line(layout::vpl011_interrupt, high); }

void Domain::start(GuestAddress entry, GuestAddress device_tree)
{
    power_on(VcpuId{0}, entry, device_tree.value());
}

Domain::PowerOn Domain::power_on(VcpuId vcpu, GuestAddress entry, std::uint64_t argument)
{
    const Guard guard{lock_};
    if (is_stopped()) return PowerOn::stopping;
    if (is_on(vcpu)) return PowerOn::already_on;
    auto& target = vcpus_[vcpu.value()];
    vgic_.reset_vcpu(vcpu);
    machine::reset(target.registers, entry.value(), argument);
    sched::start(target);
    return PowerOn::done;
}

bool Domain::power_off(Vcpu& own)
{
    const Guard guard{lock_};
    bool others = false;
    for (const auto& vcpu : vcpus_)
        others |= &vcpu != &own && is_on(vcpu.id);
    if (others) sched::switch_off(own);
    return others;
}

bool Domain::is_on(VcpuId vcpu) const
{
    return vcpus_[vcpu.value()].state.load(std::memory_order_acquire) != sched::Unit::State::down;
}

void Domain::vcpu_went_down()
{
    {
        const Guard guard{lock_};
        if (!is_stopped() || gone_) return;
        for (const auto& vcpu : vcpus_)
            if (is_on(vcpu.id)) return;
        gone_ = true;
    }
    domain_has_gone();
}

void Domain::shut_down(ShutdownReason reason)
{
    const Guard guard{lock_};
    if (stopped_.exchange(true, std::memory_order_acq_rel)) return;
    for (auto& vcpu : vcpus_)
        if (is_on(vcpu.id)) sched::switch_off(vcpu);
    console_.finish();
    constexpr std::string_view words[] = {"powered off", "asked for a reset: stopped", "",
                                          "crashed: stopped"};
    log::info("domain {} ({}) {}", id_, name_, words[static_cast<unsigned>(reason)]);
}

} // namespace bulkhead::domain
