#include "simulation/guest.hpp"

#include "device/guest_layout.hpp"
#include "machine/gic_register.hpp"
#include "machine/pl011_registers.hpp"
#include "machine/upcalls.hpp"
#include "simulation/simulation.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace bulkhead::simulation {
namespace {

namespace layout = device::guest_layout;
using machine::MmioResult;

/// Its vCPU was switched off: it does not go on.
struct Gone {};

constexpr unsigned retries_until_stuck = 3000;
constexpr std::uint64_t sgi_frame = 0x1'0000;
constexpr std::uint64_t redistributor_size = 0x2'0000;

using Register = test::GicRegister;
using enum test::GicRegister;

enum Function : std::uint32_t {
    cpu_off = 0x8400'0002,
    cpu_on = 0xc400'0003,
    system_off = 0x8400'0008,
    system_reset = 0x8400'0009,
};
constexpr std::uint64_t success = 0;

class Guest {
public:
    Guest(Simulation& simulation, Partition& partition, unsigned vcpu, Player& player)
        : s_(simulation), partition_(partition), me_(vcpu), player_(player)
    {
    }

    [[noreturn]] void run()
    {
        set_up();
        for (;;) {
            trap([&] { s_.pass(); });
            s_.set_idle(cpu(), false);
            // An interrupt may take its time to arrive.
            if (s_.machine().is_signalled(CpuId{cpu()}) && !s_.one_in(4))
                take_interrupts();
            else if (s_.is_draining())
                drain();
            else
                step();
        }
    }

private:
    [[nodiscard]] bool is_v2() const
    {
        return partition_.domain->gic_version() == device::GicVersion::v2;
    }
    test::VirtualCpuInterface& interface() { return s_.cpu(cpu()).interface; }
    Record& record(unsigned vcpu, unsigned id) { return partition_.ledger().at(vcpu, id); }
    Record& record(unsigned id) { return record(me_, id); }

    /// The processor that has it now.
    unsigned cpu() { return s_.machine().current().value(); }

    // Exceptions to EL2.
    void trap(std::function<void()> what) { player_.trap(std::move(what)); }
    void take_interrupts()
    {
        trap([] { machine::take_pending_interrupt(); });
    }
    std::uint64_t access(GuestAddress address, unsigned size, bool write, std::uint64_t value)
    {
        for (unsigned n = 0; n < retries_until_stuck; ++n) {
            s_.tell("{} {:#x} {:#x}", write ? "writes" : "reads", address.value(), value);
            machine::MmioRead done;
            trap([&] {
                auto& vcpu = machine::running_vcpu();
                done = write ? machine::MmioRead{upcall::write_mmio(vcpu, address, size, value)}
                             : upcall::read_mmio(vcpu, address, size);
            });
            if (done.access == MmioResult::done) return done.value;
            if (done.access == MmioResult::abort)
                throw Broken(fmt::format("no register at {:#x}", address.value()));
            wait();
        }
        throw Broken(fmt::format("a read of {:#x} is never answered", address.value()));
    }
    std::uint64_t firmware(std::uint32_t function, std::uint64_t target = 0)
    {
        auto& x = s_.registers(cpu()).x;
        x[0] = function;
        x[1] = target;
        x[2] = layout::ram[0].start.value();
        x[3] = 0;
        s_.tell("calls {:#x}", function);
        trap([&] { upcall::firmware_call(machine::running_vcpu(), s_.registers(cpu())); });
        return s_.registers(cpu()).x[0];
    }
    /// The register that has interrupt `id`, of vCPU `of` if it is private.
    GuestAddress address(unsigned of, unsigned id, std::uint64_t offset) const
    {
        if (is_v2()) return layout::gicv2_distributor.start + offset;
        if (id >= 32) return layout::gicv3_distributor.start + offset;
        return layout::gicv3_redistributors.start + of * redistributor_size + sgi_frame + offset;
    }
    void set_bit(Register group, unsigned of, unsigned id)
    {
        access(address(of, id, group + id / 32 * 4), 4, true, std::uint64_t{1} << id % 32);
    }
    bool get_bit(Register group, unsigned id)
    {
        return (access(address(me_, id, group + id / 32 * 4), 4, false, 0) >> id % 32 & 1) != 0;
    }

    void set_up()
    {
        auto& i = interface();
        i.priority_mask = 0xf8;
        i.group_enabled = {true, true};
        i.eoi_mode = partition_.eoi_mode;
        while (std::ranges::any_of(partition_.ledger().own[me_], &Record::is_busy))
            wait();
        if (!partition_.is_set_up) {
            access(layout::gicv2_distributor.start, 4, true, 3);
            for (unsigned id = 48; id < 32 + Simulation::spis; ++id)
                record(id).edge = true;
            access(address(0, 48, icfgr + 48 / 4), 4, true, 0xaaaa'aaaa);
            for (unsigned id = 32; id < 32 + Simulation::spis; ++id)
                write_priority(0, id);
            enable_all(32);
            access(layout::vpl011.start + pl011::interrupt_mask_offset, 4, true, 0x50);
            partition_.is_set_up = true;
        }
        for (unsigned id = 0; id < 32; ++id)
            write_priority(me_, id);
        enable_all(0);
    }
    void enable_all(unsigned first)
    {
        for (unsigned id = first; id < first + 32; ++id)
            record(id).start_access();
        access(address(me_, first, isenabler + first / 32 * 4), 4, true, 0xffff'ffff);
        for (unsigned id = first; id < first + 32; ++id) {
            record(id).enabled = true;
            record(id).end_access();
        }
    }
    void wait()
    {
        trap([&] { s_.pass(); });
        if (s_.machine().is_signalled(CpuId{cpu()})) take_interrupts();
    }

    void step()
    {
        switch (s_.upto(20)) {
        case 0:
        case 1:
        case 2:
        case 3: return acknowledge();
        case 4:
        case 5:
        case 6: return finish_one();
        case 7:
        case 8: return send_sgi();
        case 9:
        case 10: return arm_timer();
        case 11:
        case 12: return change_interrupt();
        case 13: return read_pending();
        case 14: // as on the CPU that takes a device's interrupt
            return trap([&] { s_.device_event(); });
        case 15:
            interface().priority_mask =
                static_cast<std::uint8_t>(s_.one_in(3) ? s_.upto(32) * 8 : 0xf8);
            return;
        case 16:
            if (s_.one_in(2)) wait_for_interrupt();
            return;
        case 17:
        case 18: return;
        default: return change_power();
        }
    }

    void wait_for_interrupt()
    {
        trap([] { upcall::wait_for_interrupt(machine::running_vcpu()); });
    }

    /// Serves what there is, and starts what is off.
    void drain()
    {
        interface().priority_mask = 0xf8;
        for (unsigned vcpu = 0; vcpu < partition_.vcpus; ++vcpu)
            if (!partition_.is_on(vcpu)) return switch_on(vcpu);
        if (!begun_.empty() || !ended_.empty()) return finish_one();
        if (interface().highest_pending() != test::VirtualCpuInterface::spurious ||
            !s_.is_up_to_date(cpu()))
            return acknowledge();
        for (const unsigned timer : {27U, 30U})
            if (s_.machine().physical(Intid{timer}).line) return quiet(timer);
        s_.set_idle(cpu(), true);
        partition_.has_drained |= 1U << me_;
        if (s_.shares_cpus()) wait_for_interrupt();
    }

    /// The most urgent of what this vCPU cannot but have been told of.
    const Record* most_urgent(unsigned& id_of)
    {
        const Record* best = nullptr;
        const auto most =
            std::min<unsigned>(interface().priority_mask, interface().running_priority());
        for (unsigned id = 0; id < 32 + Simulation::spis; ++id) {
            const auto& r = record(id);
            if (r.busy || !r.enabled || r.active || !r.must_be_pending() || r.priority >= most)
                continue;
            if (id >= 32 &&
                (r.target != me_ || Simulation::is_linked(id) || id == Simulation::uart_interrupt ||
                 s_.is_in_list_register_elsewhere(partition_, id, cpu())))
                continue;
            if (best == nullptr || r.priority < best->priority) {
                best = &r;
                id_of = id;
            }
        }
        return best;
    }

    void acknowledge()
    {
        const bool exact = s_.is_up_to_date(cpu());
        unsigned expected = 0;
        const auto* best = exact ? most_urgent(expected) : nullptr;
        const auto iar = interface().acknowledge();
        const auto id = iar & 0x3ff;
        s_.tell("acknowledges {} from {}{}", id, iar >> 10, exact ? "" : ", not up to date");
        const auto broken = [&](std::string_view what) {
            return Broken(fmt::format("CPU {}: interrupt {} {}", cpu(), id, what));
        };
        if (id == test::VirtualCpuInterface::spurious) {
            if (best != nullptr)
                throw Broken(fmt::format("CPU {} is not told of interrupt {}", cpu(), expected));
            return;
        }
        auto& r = record(id);
        auto& cause = r.causes.at(iar >> 10);
        if (r.active && !r.busy) throw broken("is active already");
        if (exact && !r.busy) {
            const bool by_device = Simulation::is_linked(id) || id == 27 || id == 30 ||
                                   id == Simulation::uart_interrupt;
            if (!r.enabled) throw broken("is disabled");
            if (id >= 32 && r.target != me_) throw broken("is for another CPU");
            if (!cause.may() && !(r.line_may && !r.edge) && !(by_device && !r.edge))
                throw broken("is invented");
            if (best != nullptr && best->priority < r.priority)
                throw broken(fmt::format("of priority {} overtook {} of priority {}", r.priority,
                                         expected, best->priority));
        }
        cause.take(exact && !r.busy);
        r.active = true;
        begun_.push_back(iar);
    }

    /// The handler's end: the device is quiet, mostly.
    void finish_one()
    {
        if (!ended_.empty() && (begun_.empty() || s_.one_in(2))) {
            const auto at = s_.upto(static_cast<unsigned>(ended_.size()));
            const auto iar = ended_[at];
            ended_.erase(ended_.begin() + at);
            auto& r = record(iar & 0x3ff);
            r.start_access();
            s_.tell("deactivates {}", iar & 0x3ff);
            if (is_v2())
                access(layout::gicv2_cpu_interface.start + 0x1000, 4, true, iar);
            else if (!interface().deactivate(iar))
                trap([&] { upcall::deactivate(machine::running_vcpu(), Intid{iar & 0x3ff}); });
            r.end_access();
            r.active = false;
            return;
        }
        if (begun_.empty()) return;
        const auto iar = begun_.back();
        if (s_.is_draining() || !s_.one_in(4)) quiet(iar & 0x3ff);
        if (begun_.back() != iar) return;
        begun_.pop_back();
        s_.tell("ends {}", iar & 0x3ff);
        interface().end_of_interrupt(iar);
        if (partition_.eoi_mode)
            ended_.push_back(iar);
        else
            record(iar & 0x3ff).active = false;
    }
    void quiet(unsigned id)
    {
        auto& guest = s_.cpu(cpu()).guest;
        if (id == 27) guest.cntv_ctl_el0 = 0;
        if (id == 30) guest.cntp_ctl_el0 = 0;
        if (id < 32) return s_.update_timers();
        if (id == Simulation::uart_interrupt) return receive();
        if (Simulation::is_linked(id)) return s_.machine().set_physical_line(Intid{id}, false);
        auto& r = record(id);
        if (r.busy || r.edge || !r.line_may) return;
        r.start_access();
        s_.tell("quiets {}", id);
        r.line_must = false;
        ++partition_.moving_lines;
        trap([&] { partition_.domain->vgic().set_line(Intid{id}, false); });
        --partition_.moving_lines;
        r.end_access();
        r.line_may = false;
    }
    void receive()
    {
        for (unsigned n = 0; n < 64; ++n) {
            if ((access(layout::vpl011.start + 0x18, 4, false, 0) >> 4 & 1) != 0) return;
            const auto c = access(layout::vpl011.start, 4, false, 0) & 0xff;
            if (c != static_cast<unsigned>('!') + partition_.received++ % 64)
                throw Broken(fmt::format("domain {}: character {} is another one",
                                         partition_.domain->id().value(), partition_.received));
        }
    }

    void send_sgi()
    {
        const unsigned id = s_.upto(16);
        const unsigned targets = s_.upto(1U << partition_.vcpus);
        std::vector<Cause::Raising> raised;
        for (unsigned vcpu = 0; vcpu < partition_.vcpus; ++vcpu)
            if ((targets >> vcpu & 1) != 0)
                raised.emplace_back(record(vcpu, id).causes[is_v2() ? me_ : 0]);
        if (is_v2())
            access(address(0, id, sgir), 4, true, targets << 16 | id);
        else {
            s_.tell("sends {} to {:#x}", id, targets);
            trap([&] {
                upcall::send_sgi(machine::running_vcpu(), std::uint64_t{id} << 24 | targets,
                                 upcall::SgiGroup::any);
            });
        }
        for (auto& raising : raised)
            raising.end();
    }

    void arm_timer()
    {
        auto& guest = s_.cpu(cpu()).guest;
        const bool which = s_.one_in(2);
        (which ? guest.cntv_cval_el0 : guest.cntp_cval_el0) =
            s_.machine().now.value() + s_.upto(200);
        (which ? guest.cntv_ctl_el0 : guest.cntp_ctl_el0) = s_.one_in(8) ? 0 : 1;
        s_.update_timers();
    }

    void write_priority(unsigned of, unsigned id)
    {
        auto& r = record(of, id);
        if (r.busy || r.active) return;
        r.start_access();
        r.priority = static_cast<std::uint8_t>(s_.upto(8) * 32);
        access(address(of, id, ipriorityr + id), 1, true, r.priority);
        r.end_access();
    }

    /// One register of one interrupt, of any vCPU if it is private.
    void change_interrupt()
    {
        const unsigned id = s_.one_in(2) ? s_.upto(32) : 33 + s_.upto(Simulation::spis - 1);
        const unsigned of = id < 32 && !is_v2() && s_.one_in(3) ? s_.upto(partition_.vcpus) : me_;
        auto& r = record(of, id);
        if (r.busy || !partition_.is_on(of) || s_.sleeps(partition_, of)) return;
        switch (s_.upto(6)) {
        case 0: return write_priority(of, id);
        case 1:
        case 2: {
            const bool enable = !r.enabled || s_.one_in(3);
            r.start_access();
            set_bit(enable ? isenabler : icenabler, of, id);
            r.enabled = enable;
            break;
        }
        case 3: {
            if (is_v2() && id < 16) return;
            // Of another processor's timer only that one knows the line.
            if ((id == 27 || id == 30) && of != me_) return;
            if (Simulation::is_linked(id)) return;
            if (s_.one_in(2)) {
                r.start_access();
                Cause::Raising raising{r.causes[0]};
                set_bit(ispendr, of, id);
                raising.end();
            } else {
                r.start_access();
                r.causes[0].start_clearing();
                set_bit(icpendr, of, id);
                r.causes[0].end_clearing(true);
            }
            break;
        }
        default: {
            if (id < 32) return;
            r.start_access();
            const auto target = s_.upto(partition_.vcpus);
            if (is_v2())
                access(address(0, id, itargetsr + id), 1, true, 1U << target);
            else
                access(address(0, id, irouter + std::uint64_t{8} * id), 8, true, target);
            // With one vCPU there is nothing to choose.
            r.target = target;
        }
        }
        r.end_access();
    }

    void read_pending()
    {
        const unsigned id = 33 + s_.upto(Simulation::spis - 1);
        const auto& r = record(id);
        if (Simulation::is_linked(id) || r.busy) return;
        const auto before = r;
        const bool pending = get_bit(ispendr, id);
        const bool active = get_bit(isactiver, id);
        const auto is_certain = [](const Record& v) {
            return v.must_be_pending() == (v.causes[0].may() || (v.line_may && !v.edge));
        };
        // Only if nothing happened meanwhile.
        if (r.busy || before != r || !is_certain(r)) return;
        if (pending != r.must_be_pending() || active != r.active)
            throw Broken(
                fmt::format("interrupt {} reads pending {}, active {}", id, pending, active));
    }

    void change_power()
    {
        if (s_.one_in(30) && partition_.is_set_up && !partition_.is_typing &&
            partition_.moving_lines == 0) {
            const bool off = s_.one_in(2);
            if (off || !partition_.restarts) partition_.has_ended = true;
            partition_.is_set_up = false;
            firmware(off ? system_off : system_reset);
            throw Broken("a domain goes on after its end");
        }
        if (s_.one_in(2)) return switch_on(s_.upto(partition_.vcpus));
        if (!begun_.empty() || !ended_.empty()) return;
        // A processor's devices are quiet before it goes.
        for (const auto& r : partition_.ledger().own[me_])
            if (r.busy) return;
        firmware(cpu_off);
    }

    void switch_on(unsigned vcpu)
    {
        auto& own = partition_.ledger().own[vcpu];
        if (vcpu == me_ || std::ranges::any_of(own, &Record::is_busy)) return;
        for (auto& r : own) {
            r.start_access();
            for (auto& cause : r.causes)
                cause.start_clearing();
        }
        const bool done = firmware(cpu_on, vcpu) == success;
        if (done) Ledger::reset_private(own);
        for (auto& r : own) {
            r.end_access();
            for (auto& cause : r.causes)
                cause.end_clearing(done);
        }
    }

    Simulation& s_;
    Partition& partition_;
    const unsigned me_;
    Player& player_;
    /// Acknowledged and not ended, the last one last; with EOImode 1: ended and not deactivated.
    std::vector<std::uint32_t> begun_;
    std::vector<std::uint32_t> ended_;
};

} // namespace

void Player::play()
{
    // test::seam's reset() counts.
    const auto incarnation = simulation_.cpu(simulation_.machine().current().value()).guest;
    if (incarnation_ != incarnation.contextidr_el1) end();
    incarnation_ = incarnation.contextidr_el1;
    if (!fiber_)
        fiber_ = std::make_unique<Fiber>([this] {
            try {
                Guest{simulation_, partition_, vcpu_, *this}.run();
            } catch (const Gone&) {
            } catch (...) {
                error_ = std::current_exception();
            }
        });
    fiber_->resume();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    std::exchange(request_, nullptr)();
}

void Player::trap(std::function<void()> what)
{
    request_ = std::move(what);
    fiber_->suspend();
    if (is_gone_) throw Gone{};
}

void Player::end()
{
    if (!fiber_) return;
    is_gone_ = true;
    if (!fiber_->has_ended()) fiber_->resume();
    is_gone_ = false;
    fiber_.reset();
    request_ = nullptr;
}

void run_guests(Simulation& simulation, unsigned cpu)
{
    for (;;) {
        upcall::reconsider(simulation.registers(cpu));
        do
            simulation.player(domain::vcpu_of(machine::running_vcpu())).play();
        while (machine::running_vcpu().attention == 0);
    }
}

} // namespace bulkhead::simulation
