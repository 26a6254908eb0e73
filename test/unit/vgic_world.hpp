#pragma once

#include "device/vgic.hpp"
#include "machine/gic_register.hpp"
#include "machine/short_way.hpp"
#include "machine/test_machine.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <vector>

namespace bulkhead::test {

inline constexpr Intid virtual_timer{27};
inline constexpr Intid physical_timer{30};
inline constexpr Intid spurious{VirtualCpuInterface::spurious};

constexpr Intid sgi(unsigned n) { return Intid{n}; }
constexpr Intid ppi(unsigned n) { return Intid{16 + n}; }
constexpr Intid spi(unsigned n) { return Intid{32 + n}; }

/// A domain's GIC whose vCPUs run 1:1 on the test machine's processors, with what surrounds it: the
/// interrupt path, and the entry to the guest that looks at attention and maintenance first.
class World {
public:
    using Vgic = device::Vgic;
    using GicVersion = device::GicVersion;
    static constexpr Intid timer_intids[2] = {virtual_timer, physical_timer};

    struct Options {
        GicVersion version = GicVersion::v3;
        unsigned vcpus = 1;
        unsigned spis = 64;
        unsigned list_registers = 4;
        bool timers = false;
        /// Virtual and physical SPIs.
        std::map<Intid, Intid> links = {};
    };

    explicit World(const Options& options)
        : machine(new_machine(options.vcpus, options.list_registers)), version_(options.version),
          memory_(Vgic::memory_needed(configuration(options)) / sizeof(Line)),
          vgic(configuration(options), std::as_writable_bytes(std::span{memory_}))
    {
        for (std::uint32_t n = 0; n < options.vcpus; ++n) {
            auto& unit = units.emplace_back();
            unit.placed_on = CpuId{n};
            unit.loaded_on = CpuId{n};
            vgic.attach(VcpuId{n}, unit);
            for (unsigned t = 0; options.timers && t < 2; ++t) {
                unit.timer_interrupt[t] = timer_intids[t];
                vgic.link_timer(VcpuId{n}, t, timer_intids[t], timer_intids[t]);
            }
        }
        for (const auto& [virtual_spi, physical_spi] : options.links) {
            vgic.link_shared(virtual_spi, physical_spi);
            links_[physical_spi] = virtual_spi;
        }
        for (std::uint32_t n = 0; n < options.vcpus; ++n)
            load(n);
        run(0);
    }

    /// The vCPU that executes what follows.
    void run(unsigned vcpu) { machine.run_on(CpuId{vcpu}); }
    VirtualCpuInterface& interface() { return machine.cpu().interface; }
    [[nodiscard]] VcpuId self() const { return VcpuId{machine.current().value()}; }
    sched::Unit& unit() { return units[self().value()]; }

    void load(unsigned vcpu)
    {
        run(vcpu);
        vgic.load(VcpuId{vcpu});
        loaded_.insert(vcpu);
        enter();
    }
    void save(unsigned vcpu)
    {
        run(vcpu);
        vgic.save(VcpuId{vcpu});
        loaded_.erase(vcpu);
    }

    /// The current processor enters its guest, after all that has to happen before.
    void enter()
    {
        if (!loaded_.contains(self().value())) return;
        for (unsigned rounds = 0;; ++rounds) {
            ASSERT_LT(rounds, 50U) << "the guest never gets to run";
            if (unit().attention.exchange(0) != 0) {
                vgic.refresh(self());
            } else if (interface().needs_maintenance()) {
                ++flushes;
                vgic.flush(self());
            } else if (const auto intid = machine.take_physical()) {
                physical_interrupt(*intid);
            } else {
                return;
            }
        }
    }
    /// All processors do so, and the current one is executing again.
    void settle()
    {
        const auto me = machine.current();
        for (unsigned twice = 0; twice < 2; ++twice) {
            for (std::uint32_t n = 0; n < machine.cpu_count(); ++n) {
                run(n);
                enter();
            }
        }
        machine.run_on(me);
        enter();
    }

    // The guest: it executes, and everybody has reacted.
    std::uint32_t acknowledge_raw()
    {
        settle();
        const auto iar = interface().acknowledge();
        settle();
        return iar;
    }
    Intid acknowledge() { return Intid{acknowledge_raw()}; }
    void end(std::uint32_t iar)
    {
        interface().end_of_interrupt(iar);
        settle();
    }
    void end(Intid intid) { end(intid.value()); }
    void deactivate(Intid iar)
    {
        // GICV_DIR is in no guest's stage 2.
        const bool traps = version() == GicVersion::v2 ? interface().eoi_mode
                                                       : !interface().deactivate(iar.value());
        if (traps) vgic.deactivate(self(), Intid{iar.value() & 0x3ff});
        settle();
    }
    /// Acknowledges and ends all there is, and says in which order.
    std::vector<Intid> serve_all()
    {
        std::vector<Intid> order;
        for (auto intid = acknowledge(); intid != spurious; intid = acknowledge()) {
            order.push_back(intid);
            end(intid);
            if (order.size() > 2000) ADD_FAILURE() << "it never ends";
            if (order.size() > 2000) break;
        }
        return order;
    }

    std::uint64_t read(std::uint64_t offset, unsigned size = 4)
    {
        return finish([&] { return vgic.read_distributor(self(), offset, size); });
    }
    void write(std::uint64_t offset, std::uint64_t value, unsigned size = 4)
    {
        finish([&] { return device::Read{vgic.write_distributor(self(), offset, size, value)}; });
        settle();
    }
    std::uint64_t read_redistributor(unsigned of, std::uint64_t offset, unsigned size = 4)
    {
        return finish([&] { return vgic.read_redistributor(VcpuId{of}, self(), offset, size); });
    }
    void write_redistributor(unsigned of, std::uint64_t offset, std::uint64_t value,
                             unsigned size = 4)
    {
        finish([&] {
            return device::Read{vgic.write_redistributor(VcpuId{of}, self(), offset, size, value)};
        });
        settle();
    }

    // One bit of a register with a bit per interrupt, wherever this version has it.
    using Register = test::GicRegister;
    using enum test::GicRegister;
    void set(Register which, Intid intid, unsigned of)
    {
        write_word(which, intid, of, std::uint32_t{1} << intid.value() % 32);
    }
    void set(Register which, Intid intid) { set(which, intid, self().value()); }
    bool is(Register which, Intid intid, unsigned of)
    {
        const auto offset = which + intid.value() / 32 * 4;
        const auto word =
            is_private_v3(intid) ? read_redistributor(of, 0x10000 + offset) : read(offset);
        return (word >> intid.value() % 32 & 1) != 0;
    }
    bool is(Register which, Intid intid) { return is(which, intid, self().value()); }
    void set_priority(Intid intid, std::uint8_t priority)
    {
        const auto offset = 0x400 + intid.value();
        if (is_private_v3(intid))
            write_redistributor(self().value(), 0x10000 + offset, priority, 1);
        else
            write(offset, priority, 1);
    }
    void set_edge(Intid intid, bool edge)
    {
        const auto offset = 0xc00 + intid.value() / 16 * 4;
        const auto bit = std::uint64_t{2} << intid.value() % 16 * 2;
        const bool redistributor = is_private_v3(intid);
        const auto me = self().value();
        const auto old = redistributor ? read_redistributor(me, 0x10000 + offset) : read(offset);
        const auto next = edge ? old | bit : old & ~bit;
        if (redistributor)
            write_redistributor(me, 0x10000 + offset, next);
        else
            write(offset, next);
    }
    /// To one vCPU.
    void route(Intid intid, unsigned vcpu)
    {
        if (version() == GicVersion::v2)
            write(0x800 + intid.value(), 1U << vcpu, 1);
        else
            write(0x6000 + intid.value() * 8, device::affinity_of(VcpuId{vcpu}), 8);
    }
    void enable_groups(unsigned groups = 3) { write(0, groups); }
    void enable(Intid intid) { set(isenabler, intid); }
    void disable(Intid intid) { set(icenabler, intid); }
    /// Enabled, at a priority, in the group that is enabled, on the current vCPU.
    void prepare(Intid intid, std::uint8_t priority = 0x80)
    {
        set_priority(intid, priority);
        enable(intid);
        if (intid.value() >= 32) route(intid, self().value());
    }
    void send_sgi(unsigned to, Intid intid)
    {
        if (version() == GicVersion::v2) return write(0xf00, 1U << (16 + to) | intid.value());
        using R = device::gic::SgiRequest;
        const auto affinity = device::affinity_of(VcpuId{to});
        vgic.send_sgi(self(),
                      R{}.with(R::intid, intid.value())
                          .with(R::aff1, affinity >> 8)
                          .with(R::target_list, static_cast<std::uint16_t>(1U << (affinity & 0xf))),
                      true);
        settle();
    }
    [[nodiscard]] GicVersion version() const { return version_; }

    TestMachine& machine;
    std::deque<sched::Unit> units;
    unsigned flushes = 0;
    unsigned short_ways = 0;

private:
    struct alignas(cache_line) Line {
        std::byte bytes[cache_line];
    };
    static device::VgicConfiguration configuration(const Options& options)
    {
        return {.version = options.version, .vcpus = options.vcpus, .spis = options.spis};
    }
    [[nodiscard]] bool is_private_v3(Intid intid) const
    {
        return version() == GicVersion::v3 && intid.value() < 32;
    }
    void write_word(Register which, Intid intid, unsigned of, std::uint32_t value)
    {
        const auto offset = which + intid.value() / 32 * 4;
        if (is_private_v3(intid))
            write_redistributor(of, 0x10000 + offset, value);
        else
            write(offset, value);
    }

    /// The interrupt path: the short ways, else the GIC decides.
    void physical_interrupt(Intid intid)
    {
        for (unsigned t = 0; t < 2; ++t) {
            if (intid != unit().timer_interrupt[t] || unit().timer_list_register[t] == 0) continue;
            ++short_ways;
            return interface().write(t, machine::ListRegister::from(unit().timer_list_register[t]));
        }
        if (machine::take_device_interrupt(unit(), intid)) {
            ++short_ways;
            return;
        }
        vgic.physical_arrived(self(), links_.contains(intid) ? links_[intid] : intid);
    }

    /// Executes an access again as long as what it takes is with other processors.
    template <typename Execute>
    std::uint64_t finish(Execute execute)
    {
        for (unsigned attempts = 0; attempts < 3; ++attempts) {
            const device::Read read = execute();
            EXPECT_NE(read.access, device::Access::abort);
            if (read.access == device::Access::done) return read.value;
            settle();
        }
        ADD_FAILURE() << "an access was never completed";
        return 0;
    }

    GicVersion version_;
    std::map<Intid, Intid> links_;
    std::set<unsigned> loaded_;
    std::vector<Line> memory_;

public:
    Vgic vgic;
};

} // namespace bulkhead::test
