#include "simulation/simulation.hpp"

#include "device/guest_layout.hpp"
#include "machine/physical_memory.hpp"
#include "machine/short_way.hpp"
#include "machine/upcalls.hpp"
#include "sched/null_scheduler.hpp"
#include "sched/run_loop.hpp"
#include "simulation/guest.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <new>

namespace bulkhead {
namespace {

constinit sched::NullScheduler usual_scheduler{all_cpus};
constinit std::array<sched::Scheduler*, max_cpus> schedulers{}; // null: the usual one

} // namespace

sched::Scheduler& sched::scheduler_of(CpuId cpu)
{
    auto* const own = schedulers[cpu.value()];
    return own == nullptr ? usual_scheduler : *own;
}

} // namespace bulkhead

namespace bulkhead::simulation {
namespace {

using Lr = machine::ListRegister;
namespace layout = device::guest_layout;

constexpr unsigned steps_until_drain = 200;
/// Nothing that a guest can do takes that long to settle.
constexpr unsigned most_steps = 60'000;

/// What outlives a seed: CPUs and schedulers remember vCPUs.
struct Permanent {
    Permanent()
    {
        ram.emplace(std::size_t{8} << 20);
        static memory::PhysicalRanges free;
        if (!free.add(ram->range())) throw std::runtime_error("no room for a range");
        memory::page_pool().use(free);
        for (unsigned n = 0; n < Simulation::most_vcpus; ++n) {
            new (vcpu(n)) domain::Vcpu;
            auto map =
                memory::Stage2Map::create(memory::page_pool(), static_cast<std::uint16_t>(n + 1));
            maps.push_back(map.value());
            if (!maps.back().map(layout::ram[0].start, PhysicalAddress{std::uint64_t{n + 1} << 30},
                                 std::uint64_t{2} << 20, memory::Stage2Access::ram))
                throw std::runtime_error("no map");
        }
    }
    domain::Vcpu* vcpu(unsigned n)
    {
        return std::launder(reinterpret_cast<domain::Vcpu*>(memory.data())) + n;
    }

    std::optional<test::PhysicalMemory> ram;
    RandomScheduler scheduler;
    alignas(
        domain::Vcpu) std::array<std::byte, sizeof(domain::Vcpu) * Simulation::most_vcpus> memory{};
    std::vector<memory::Stage2Map> maps;
};

Permanent& permanent()
{
    static Permanent instance;
    return instance;
}

bool is_valid(Lr lr) { return lr.get(Lr::state) != Lr::State::invalid; }

} // namespace

bool Partition::rebuild()
{
    auto& old = ledger();
    auto& fresh = ledgers.emplace_back(vcpus, static_cast<unsigned>(old.shared.size()));
    // Lines are their devices', and a pulse meanwhile may come before or after.
    for (std::size_t n = 0; n < fresh.shared.size(); ++n) {
        auto& record = fresh.shared[n];
        record.line_may = old.shared[n].line_may;
        record.line_must = old.shared[n].line_must;
        record.busy = old.shared[n].edge ? old.shared[n].busy : 0;
        if (old.shared[n].causes[0].may()) record.causes[0].allow();
    }
    received = typed;
    domain->start(layout::ram[0].start, layout::ram[0].start);
    return true;
}

Simulation::Simulation(std::uint64_t seed, bool tells)
    : tells_(tells), random_(seed),
      machine_(test::new_machine(most_cpus, std::array{2U, 4U, 4U, 16U}[random_() % 4])),
      version_(one_in(2) ? device::GicVersion::v2 : device::GicVersion::v3)
{
    tell("GICv{}, {} list registers", version_ == device::GicVersion::v2 ? 2 : 3,
         cpu(0).interface.list_registers);
    for (unsigned n = 0; n < most_vcpus; ++n) {
        auto& vcpu = *permanent().vcpu(n);
        if (vcpu.scheduler == &usual_scheduler) usual_scheduler.remove(vcpu);
        vcpu.~Vcpu();
        new (&vcpu) domain::Vcpu;
    }
    const bool shares = one_in(2);
    const unsigned guests = 2 + upto(shares ? most_vcpus - 1 : most_cpus - 2);
    devices_cpu_ = shares ? 1 + upto(std::min(guests, most_cpus) - 1) : guests;
    if (shares) {
        tell("{} vCPUs on {} CPUs", guests, devices_cpu_);
        scheduler_ = &permanent().scheduler;
        scheduler_->start(devices_cpu_, [this](unsigned n) { return upto(n); });
        std::fill_n(schedulers.begin(), devices_cpu_, scheduler_);
    }
    for (unsigned vcpu = 0; vcpu < guests;) {
        auto& partition = partitions_.emplace_back();
        partition.first_vcpu = vcpu;
        partition.vcpus = std::min(1 + upto(3), guests - vcpu);
        vcpu += partition.vcpus;
        build(partition, static_cast<unsigned>(partitions_.size() - 1));
    }

    // What the seed before was waiting for.
    for (unsigned n = 0; n < most_cpus; ++n) {
        machine_.run_on(CpuId{n});
        sched::pick_again(machine::never);
        cpu(n).kicked = false;
    }
    machine_.physical_handler = [this](Intid intid) { take_physical(intid); };
    machine_.maintenance_handler = [] {
        auto& running = machine::running_vcpu();
        if (running.has_guest) upcall::maintenance_interrupt(running);
    };
    machine_.alarm_handler = [] { upcall::alarm(); };
    // Not every place every time: what goes on for a while is as likely as what is cut short.
    machine_.interleave = [this] {
        if (one_in(3)) switch_away();
    };
}

Simulation::~Simulation()
{
    machine_.interleave = nullptr;
    schedulers = {};
}

void Simulation::build(Partition& partition, unsigned number)
{
    partition.eoi_mode = one_in(3);
    tell("domain {}: vCPUs {} to {}, EOImode {}", number + 1, partition.first_vcpu,
         partition.first_vcpu + partition.vcpus - 1, partition.eoi_mode ? 1 : 0);
    partition.ledgers.emplace_back(partition.vcpus, spis);
    auto* const first = permanent().vcpu(partition.first_vcpu);
    for (unsigned n = 0; n < partition.vcpus; ++n) {
        first[n].placed_on = CpuId{(partition.first_vcpu + n) % devices_cpu_};
        auto& scheduler = sched::scheduler_of(first[n].placed_on);
        if (!scheduler.insert(first[n])) throw std::runtime_error("a CPU is taken");
    }
    using domain::ShutdownAction;
    const domain::Domain::Configuration configuration{
        .id = DomainId{static_cast<std::uint16_t>(number + 1)},
        .name = "simulated",
        .vgic = {.version = version_, .vcpus = partition.vcpus, .spis = spis},
        .places = version_ == device::GicVersion::v2 ? layout::gicv2_places : layout::gicv3_places,
        .has_vpl011 = true,
        .wait = one_in(2) ? sched::WaitMode::trap : sched::WaitMode::automatic,
        .timer_interrupts = {layout::virtual_timer, layout::physical_timer},
        .on_reset = one_in(4) ? ShutdownAction::stop : ShutdownAction::restart};
    const auto needed = device::Vgic::memory_needed(configuration.vgic);
    partition.vgic_memory.resize(needed + cache_line);
    const auto address = reinterpret_cast<std::uintptr_t>(partition.vgic_memory.data());
    const auto offset = align_up(address, cache_line) - address;
    partition.domain.emplace(configuration, permanent().maps[number],
                             std::span{partition.vgic_memory}.subspan(offset, needed),
                             std::span{first, partition.vcpus}, partition.events.get());
    partition.restarts = configuration.on_reset == ShutdownAction::restart;
    partition.domain->set_rebuild(Callback<bool()>::to<&Partition::rebuild>(partition));
    for (unsigned n = 0; n < partition.vcpus; ++n)
        players_.emplace_back(*this, partition, n);
    // Each has a quarter of what is linked.
    for (unsigned n = 32; n < 32 + spis; ++n)
        if (is_linked(n) && n % 4 == number)
            partition.domain->vgic().link_shared(Intid{n}, Intid{n});
}

void Simulation::pass()
{
    if (!machine_.stopping && one_in(2)) switch_away();
    if (machine_.stopping) throw Finished{};
}

void Simulation::switch_away()
{
    const auto self = machine_.current();
    fibers_[self.value()]->suspend();
    machine_.run_on(self);
}

void Simulation::take_physical(Intid intid)
{
    auto& running = machine::running_vcpu();
    tell("physical interrupt {}", intid.value());
    if (machine::take_device_interrupt(running, intid)) return;
    if (intid.value() < 32) {
        // The short way of the interrupt path, see driver/interrupt.cpp.
        for (unsigned t = 0; t < 2; ++t)
            if (intid == running.timer_interrupt[t] && running.timer_list_register[t] != 0) {
                if (domain::vcpu_of(running).state == sched::Unit::State::blocked)
                    running.want(machine::Attention::wake);
                return machine::write_list_register(t, Lr::from(running.timer_list_register[t]));
            }
        if (!running.has_guest) throw Broken("a private interrupt came to an idle processor");
        return upcall::guest_interrupt(running, intid);
    }
    auto& owner = *partitions_[intid.value() % 4].domain;
    const bool is_own = running.has_guest && domain::vcpu_of(running).domain == &owner;
    owner.vgic().physical_arrived(is_own ? domain::vcpu_of(running).id : device::nobody, intid);
}

bool Simulation::is_up_to_date(unsigned n)
{
    return !machine_.is_signalled(CpuId{n}) && cpu(n).running->attention == 0;
}

bool Simulation::is_in_list_register_elsewhere(const Partition& partition, unsigned intid,
                                               unsigned except)
{
    for (unsigned n = 0; n < devices_cpu_; ++n)
        for (unsigned k = 0;
             n != except && runs(n, partition) && k < cpu(n).interface.list_registers; ++k) {
            const auto lr = cpu(n).interface.read(k);
            // The end of one that is looked at again is this processor's to see.
            if ((is_valid(lr) || lr.get(Lr::eoi)) && lr.get(Lr::vintid).value() == intid)
                return true;
        }
    return false;
}

bool Simulation::runs(unsigned n, const Partition& partition)
{
    auto& running = *cpu(n).running;
    return running.has_guest && domain::vcpu_of(running).domain == &*partition.domain;
}

bool Simulation::sleeps(const Partition& partition, unsigned vcpu)
{
    return permanent().vcpu(partition.first_vcpu + vcpu)->state == sched::Unit::State::blocked;
}

Player& Simulation::player(const domain::Vcpu& vcpu)
{
    for (auto& partition : partitions_)
        if (vcpu.domain == &*partition.domain)
            return players_[partition.first_vcpu + vcpu.id.value()];
    throw Broken("a vCPU of no domain runs");
}

void Simulation::update_timers()
{
    const auto now = machine_.now.value();
    for (unsigned n = 0; n < devices_cpu_; ++n) {
        const auto& guest = cpu(n).guest;
        const auto expired = [&](std::uint64_t control, std::uint64_t compare) {
            return (control & 1) != 0 && now >= compare;
        };
        machine_.physical(layout::virtual_timer, CpuId{n}).line =
            expired(guest.cntv_ctl_el0, guest.cntv_cval_el0);
        machine_.physical(layout::physical_timer, CpuId{n}).line =
            expired(guest.cntp_ctl_el0, guest.cntp_cval_el0);
    }
}

/// Within one processor the list registers themselves see to it (test::VirtualCpuInterface).
void Simulation::check_list_registers()
{
    for (unsigned n = 0; n < devices_cpu_; ++n)
        for (unsigned k = 0; cpu(n).waits && k < cpu(n).interface.list_registers; ++k)
            if (is_valid(cpu(n).interface.read(k)) && !cpu(n).running->has_guest)
                throw Broken(fmt::format("an interrupt stayed in a list register of CPU {}, which "
                                         "has no vCPU",
                                         n));
    for (const auto& partition : partitions_) {
        std::array<bool, 32 + spis> present{};
        for (unsigned n = 0; n < devices_cpu_; ++n)
            for (unsigned k = 0; runs(n, partition) && k < cpu(n).interface.list_registers; ++k) {
                const auto lr = cpu(n).interface.read(k);
                if (!is_valid(lr)) continue;
                const auto id = lr.get(Lr::vintid).value();
                if (id < 32) continue;
                if (std::exchange(present.at(id), true))
                    throw Broken(fmt::format("interrupt {} is in two list registers", id));
                if (lr.get(Lr::hardware) != is_linked(id) && lr.get(Lr::hardware))
                    throw Broken(fmt::format("interrupt {} is nobody's physical one", id));
            }
    }
}

void Simulation::device_event()
{
    auto& partition = partitions_[upto(static_cast<unsigned>(partitions_.size()))];
    if (partition.has_ended || !partition.is_set_up) return;
    auto& domain = *partition.domain;
    if (one_in(6) && !partition.is_typing && partition.typed - partition.received < 24) {
        partition.is_typing = true;
        domain.vpl011()->receive(static_cast<char>('!' + partition.typed++ % 64));
        partition.is_typing = false;
        return;
    }
    const unsigned id = 33 + upto(spis - 1);
    auto& record = partition.ledger().at(0, id);
    if (record.busy) return;
    const Intid intid{id};
    tell("device of domain {}: interrupt {}", domain.id().value(), id);
    if (is_linked(id) && id % 4 != domain.id().value() - 1U) return;
    // A linked level is all the physical GIC's, and lasts until the guest has quieted it.
    if (is_linked(id) && !record.edge) return machine_.set_physical_line(intid, true);
    // Two edges may be one or two, as the first was seen by the physical GIC alone or not.
    if (is_linked(id) && record.causes[0].may()) return;
    record.start_access();
    if (record.edge) {
        Cause::Raising raising{record.causes[0]};
        if (is_linked(id))
            machine_.pulse_physical(intid);
        else
            domain.vgic().pulse(intid);
        raising.end();
    } else {
        const bool high = !record.line_must;
        (high ? record.line_may : record.line_must) = high;
        ++partition.moving_lines;
        domain.vgic().set_line(intid, high);
        --partition.moving_lines;
        record.line_may = record.line_must = high;
    }
    record.end_access();
}

void Simulation::processor(unsigned n)
try {
    if (machine_.stopping) return;
    if (n == devices_cpu_) {
        for (;; pass())
            if (!draining_ && one_in(3)) device_event();
    }
    for (auto& partition : partitions_)
        if (partition.first_vcpu % devices_cpu_ == n)
            partition.domain->start(layout::ram[0].start, layout::ram[0].start);
    run_guests(*this, n);
} catch (const Finished&) {
} catch (const std::exception& error) {
    if (!broken_ && !machine_.stopping) broken_ = error.what();
}

bool Simulation::is_at_rest(unsigned n)
{
    if (!is_up_to_date(n)) return false;
    if (n == devices_cpu_) return scheduler_ == nullptr || !scheduler_->is_anyone_left();
    // That a domain is silent for long is nothing to wait for.
    const bool alarm_is_near = cpu(n).alarm < machine_.now + machine::ticks_per_second();
    return cpu(n).waits ? !alarm_is_near : idle_[n] && scheduler_ == nullptr;
}

void Simulation::check_nothing_is_lost()
{
    for (auto& partition : partitions_) {
        if (partition.has_ended) {
            check_ended(partition);
            continue;
        }
        check_timers(partition);
        // Whoever sleeps for good has not taken part.
        const auto is_asleep = [&](unsigned vcpu) {
            return !partition.is_on(vcpu) ||
                   (sleeps(partition, vcpu) && (partition.has_drained >> vcpu & 1) == 0);
        };
        bool anyone_sleeps = false;
        for (unsigned vcpu = 0; vcpu < partition.vcpus; ++vcpu)
            anyone_sleeps |= is_asleep(vcpu);
        if (partition.received != partition.typed && !is_asleep(0))
            throw Broken(fmt::format("domain {} got {} of {} characters",
                                     partition.domain->id().value(), partition.received,
                                     partition.typed));
        for (unsigned vcpu = 0; vcpu < partition.vcpus; ++vcpu)
            for (unsigned id = 0; id < 32 + spis; ++id) {
                const auto& record = partition.ledger().at(vcpu, id);
                if (id >= 32 && record.target != vcpu) continue;
                if (!partition.is_on(vcpu)) continue;
                if (record.active && !anyone_sleeps)
                    throw Broken(fmt::format("interrupt {} stayed active", id));
                if (record.enabled && !record.active && record.must_be_pending())
                    throw Broken(fmt::format("interrupt {} of vCPU {} of domain {} was lost", id,
                                             vcpu, partition.domain->id().value()));
            }
    }
}

/// No vCPU sleeps that its timer should have woken.
void Simulation::check_timers(Partition& partition)
{
    for (unsigned n = 0; n < partition.vcpus; ++n) {
        auto& vcpu = *permanent().vcpu(partition.first_vcpu + n);
        if (vcpu.state == sched::Unit::State::blocked &&
            vcpu.loaded_on.load() == sched::Unit::nowhere &&
            sched::timer_deadline(vcpu) != machine::never)
            throw Broken(fmt::format("vCPU {} of domain {} sleeps although a timer runs", n,
                                     partition.domain->id().value()));
    }
}

void Simulation::check_ended(const Partition& partition)
{
    for (unsigned n = 0; n < partition.vcpus; ++n)
        if (partition.is_on(n)) throw Broken(fmt::format("vCPU {} of an ended domain is on", n));
    for (unsigned n = 0; n < devices_cpu_; ++n) {
        if (runs(n, partition))
            throw Broken(fmt::format("CPU {} still runs a domain that has ended", n));
        for (const auto timer : {layout::virtual_timer, layout::physical_timer})
            if (!cpu(n).running->has_guest && (machine_.physical(timer, CpuId{n}).enabled ||
                                               machine_.physical(timer, CpuId{n}).active))
                throw Broken(fmt::format("CPU {} has no vCPU, but a timer {}", n, timer.value()));
    }
}

std::optional<std::string> Simulation::run()
{
    for (unsigned n = 0; n <= devices_cpu_; ++n)
        fibers_.push_back(std::make_unique<Fiber>([this, n] { processor(n); }));
    const auto count = static_cast<unsigned>(fibers_.size());
    try {
        for (unsigned step = 0;; ++step) {
            if (step == steps_until_drain * devices_cpu_) draining_ = true;
            unsigned at_rest = 0;
            for (unsigned n = 0; draining_ && n < count && is_at_rest(n); ++n)
                ++at_rest;
            if (at_rest == count) break;
            if (step == most_steps) throw Broken("it never comes to rest");
            const auto next = upto(count);
            machine_.run_on(CpuId{next});
            machine_.now = Ticks{machine_.now.value() + 1};
            update_timers();
            // What sleeps needs no turn until there is something to wake up for.
            if (cpu(next).waits && !machine_.is_signalled(CpuId{next})) continue;
            fibers_[next]->resume();
            if (broken_) break;
            check_list_registers();
        }
        machine_.stopping = true;
        if (!broken_) check_nothing_is_lost();
    } catch (const std::exception& error) {
        broken_ = error.what();
    }
    stop();
    return broken_;
}

/// All processors unwind, so that nothing on their stacks is forgotten.
void Simulation::stop()
{
    machine_.stopping = true;
    for (unsigned n = 0; n < fibers_.size(); ++n) {
        if (fibers_[n]->has_ended()) continue;
        machine_.run_on(CpuId{n});
        fibers_[n]->resume();
        if (!fibers_[n]->has_ended()) std::abort();
    }
    players_.clear();
}

} // namespace bulkhead::simulation
