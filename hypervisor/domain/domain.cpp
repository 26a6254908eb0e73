#include "domain/domain.hpp"

#include "base/log.hpp"
#include "device/guest_layout.hpp"
#include "machine/cpu.hpp"
#include "machine/time.hpp"
#include "sched/run_loop.hpp"

namespace bulkhead::domain {
namespace {

namespace layout = device::guest_layout;

constexpr std::uint64_t mpidr_one = std::uint64_t{1} << 31; // RES1

/// Where accesses trap to a device that there is, of size 0 if there is none. Of GICv2's CPU
/// interface that is the second page.
layout::Places trapping(const Domain::Configuration& configuration)
{
    const auto& vgic = configuration.vgic;
    auto places = configuration.places;
    if (vgic.version == device::GicVersion::v3)
        places.cpus.size = vgic.vcpus * layout::gicv3_redistributor_size;
    else
        places.cpus = {places.cpus.start + page_size, page_size};
    if (!configuration.has_vpl011) places.vpl011.size = 0;
    return places;
}

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
    auto events = event::EventChannels::allocate(pool);
    if (!events) return failure(events.error());
    return pool.create<Domain>(configuration, *map,
                               std::span{*vgic, device::Vgic::memory_needed(configuration.vgic)},
                               *vcpus, *events);
}

Domain::Domain(const Configuration& configuration, memory::Stage2Map map, std::span<std::byte> vgic,
               std::span<Vcpu> vcpus, event::EventChannels::Storage* events)
    : id_(configuration.id), name_(configuration.name), gic_version_(configuration.vgic.version),
      ignores_unmapped_(configuration.ignores_unmapped), places_(trapping(configuration)),
      memory_(map), vgic_(configuration.vgic, vgic),
      events_(id_, vgic_, configuration.vgic.vcpus, events), console_(configuration.id),
      vcpus_(vcpus), has_pmu_(configuration.has_pmu), sve_bits_(configuration.sve_bits),
      on_reset_(configuration.on_reset), on_crash_(configuration.on_crash),
      watch_(configuration.watchdog_ms, Callback<void()>::to<&Domain::look>(*this))
{
    if (configuration.has_vpl011)
        vpl011_.emplace(Callback<bool(char)>::to<&device::DomainConsole::put>(console_),
                        Callback<void(bool)>::to<&Domain::set_vpl011_line>(*this));
    for (std::uint32_t i = 0; i < vcpus_.size(); ++i) {
        auto& vcpu = vcpus_[i];
        vcpu.id = VcpuId{i};
        vcpu.domain = this;
        vcpu.group = &schedule_;
        vcpu.has_guest = true;
        vcpu.wait = configuration.wait;
        vcpu.name = {.domain = id_.value(), .vcpu = static_cast<std::uint8_t>(i)};
        vcpu.timer_interrupt = configuration.timer_interrupts;
        vgic_.attach(vcpu.id, vcpu);
        vgic_.link_timer(vcpu.id, 0, layout::virtual_timer, configuration.timer_interrupts[0]);
        vgic_.link_timer(vcpu.id, 1, layout::physical_timer, configuration.timer_interrupts[1]);
        if (const auto pmu = configuration.pmu_interrupt; pmu && configuration.has_pmu)
            vgic_.link_private(vcpu.id, *pmu, *pmu);
    }
}

void Domain::set_vpl011_line(bool high) { vgic_.set_line(places_.vpl011_interrupt, high); }

void Domain::start(GuestAddress entry, GuestAddress device_tree)
{
    // One for all: the vCPUs' virtual counters agree.
    const auto counter_offset = machine::now().value();
    for (auto& vcpu : vcpus_)
        machine::set_identity(vcpu.registers, {.affinity = device::affinity_of(vcpu.id) | mpidr_one,
                                               .vttbr = memory_.vttbr(),
                                               .counter_offset = counter_offset,
                                               .has_pmu = has_pmu_,
                                               .sve_bits = sve_bits_});
    watch_.start();
    {
        const Guard guard{lock_};
        gone_ = false;
        stopped_.store(false, std::memory_order_release);
    }
    power_on(VcpuId{0}, entry, device_tree.value());
}

Domain::PowerOn Domain::power_on(VcpuId vcpu, GuestAddress entry, std::uint64_t argument)
{
    const Guard guard{lock_};
    if (is_stopped()) return PowerOn::stopping;
    if (is_on(vcpu)) return PowerOn::already_on;
    auto& target = vcpus_[vcpu.value()];
    vgic_.reset_vcpu(vcpu);
    events_.refresh(vcpu);
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
    if (others) static_cast<void>(sched::switch_off(own));
    return others;
}

bool Domain::is_on(VcpuId vcpu) const
{
    using State = sched::Unit::State;
    const auto state = vcpus_[vcpu.value()].state.load(std::memory_order_acquire);
    return state != State::down && state != State::working;
}

void Domain::vcpu_went_down()
{
    bool again = false;
    {
        const Guard guard{lock_};
        if (!is_stopped() || gone_) return;
        for (const auto& vcpu : vcpus_)
            if (is_on(vcpu.id)) return;
        gone_ = true;
        again = action_ == ShutdownAction::restart;
    }
    if (again)
        sched::start_work(vcpus_[0]);
    else
        domain_has_gone();
}

bool Domain::build_anew()
{
    if (!restart()) domain_has_gone();
    return false;
}

/// The calling CPU runs nothing; nobody else can start or stop the domain now.
bool Domain::restart()
{
    if (vpl011_) vpl011_->reset();
    vgic_.reset();
    events_.restart();
    for (auto& vcpu : vcpus_)
        vcpu.wants_run_state = false;
    console_.finish();
    if (rebuild_ && (*rebuild_)()) return true;
    log::error("domain {} ({}) cannot be built anew: stopped", id_, name_);
    return false;
}

ShutdownAction Domain::action_for(ShutdownReason reason) const
{
    switch (reason) {
    case ShutdownReason::reset: return on_reset_;
    case ShutdownReason::crash: return on_crash_;
    default: return ShutdownAction::stop;
    }
}

void Domain::shut_down(ShutdownReason reason, std::string_view why)
{
    if (stop(reason, why)) vcpu_went_down();
}

bool Domain::stop(ShutdownReason reason, std::string_view why)
{
    const Guard guard{lock_};
    if (stopped_.exchange(true, std::memory_order_acq_rel)) return false;
    action_ = action_for(reason);
    bool are_down = true;
    for (auto& vcpu : vcpus_)
        are_down &= !is_on(vcpu.id) || sched::switch_off(vcpu);
    watch_.stop();
    events_.stop();
    console_.finish();
    constexpr std::string_view words[] = {"powered off", "asked for a reset", "", "crashed"};
    const auto word = words[static_cast<unsigned>(reason)];
    if (action_ == ShutdownAction::restart) {
        ++restarts_;
        if (may_report())
            log::info("domain {} ({}) {}{}: restart {}", id_, name_, word, why, restarts_);
    } else {
        const bool is_wanted = reason == ShutdownReason::power_off;
        log::print(is_wanted ? log::Level::info : log::Level::error, "domain {} ({}) {}{}{}", id_,
                   name_, word, why, is_wanted ? "" : ": stopped");
    }
    if (action_ == ShutdownAction::panic) machine::halt("a domain ended that must not");
    return are_down;
}

void Domain::look()
{
    if (is_stopped()) return;
    if (watch_.has_passed(Watch::silence)) {
        auto& running = machine::running_vcpu();
        const bool runs_here = running.has_guest && vcpu_of(running).domain == this;
        const auto exit = runs_here ? machine::last_exit() : machine::LastExit{"not known"};
        log::warning("domain {} ({}) has not reached its console nor its GIC {} s after its "
                     "start: pc {x}, last exit: {} {}",
                     id_, name_, Watch::silence_seconds,
                     runs_here ? machine::guest_pc() : vcpus_[0].registers.pc, exit.what,
                     exit.address);
    }
    if (watch_.has_passed(Watch::watchdog))
        return shut_down(ShutdownReason::crash, ": its watchdog was not petted in time");
    watch_.set_alarm();
}

} // namespace bulkhead::domain
