#include "unit/vgic_world.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>

namespace bulkhead::test {
namespace {

using device::GicVersion;

constexpr unsigned spis = 64;
constexpr unsigned private_interrupts = 32;

/// What the architecture says of one interrupt, without list registers (IHI 0069, chapter 4).
struct Reference {
    bool enabled = false;
    bool edge = false;
    bool line = false;
    bool latch = false;
    bool active = false;
    bool linked = false;
    unsigned group = 0;
    unsigned priority = 0;
    unsigned target = 0;
    std::uint32_t senders = 0; // GICv2, SGI

    [[nodiscard]] bool is_pending() const { return latch || senders != 0 || (line && !edge); }
};

struct ReferenceCpu {
    std::vector<Reference> own{private_interrupts};
    /// What it acknowledged and did not end, the last one last: as read from the register.
    std::vector<std::uint32_t> begun;
    /// EOImode 1: ended, not yet deactivated.
    std::vector<std::uint32_t> ended;
    std::array<bool, 2> group_enabled = {true, true};
    unsigned mask = 0xf8;
    bool loaded = true;
};

struct Setting {
    GicVersion version;
    unsigned vcpus;
    unsigned list_registers;
    bool eoi_mode;
    unsigned seed;
};

std::string name_of(const testing::TestParamInfo<Setting>& info)
{
    const auto& s = info.param;
    return std::string(s.version == GicVersion::v2 ? "v2" : "v3") + "_" + std::to_string(s.vcpus) +
           "_vcpus_" + std::to_string(s.list_registers) + "_list_registers_eoimode_" +
           (s.eoi_mode ? "1" : "0") + "_seed_" + std::to_string(s.seed);
}

/// The virtual GIC and the reference, doing the same.
class Comparison {
public:
    explicit Comparison(const Setting& setting)
        : setting_(setting), random_(setting.seed),
          w_({.version = setting.version,
              .vcpus = setting.vcpus,
              .spis = spis,
              .list_registers = setting.list_registers,
              .timers = true,
              .links = {{spi(5), spi(105)}, {spi(6), spi(106)}, {spi(40), spi(140)}}}),
          cpus_(setting.vcpus), spis_(spis)
    {
        const unsigned reset_group = v2() ? 0 : 1;
        for (auto& cpu : cpus_) {
            for (unsigned n = 0; n < private_interrupts; ++n) {
                cpu.own[n].group = reset_group;
                cpu.own[n].enabled = cpu.own[n].edge = n < 16;
            }
            cpu.own[virtual_timer.value()].linked = cpu.own[physical_timer.value()].linked = true;
        }
        for (auto& i : spis_)
            i.group = reset_group;
        for (const unsigned n : {5U, 6U, 40U})
            spis_[n].linked = true;
        for (unsigned n = 0; n < setting.vcpus; ++n) {
            w_.run(n);
            w_.interface().eoi_mode = setting.eoi_mode;
        }
        w_.run(0);
        w_.enable_groups();
        for (unsigned n = 1; n < spis; n += 2)
            set_edge(spi(n));
    }

    void step()
    {
        choose_vcpu();
        switch (upto(22)) {
        case 0:
        case 1:
        case 2:
        case 3: return acknowledge();
        case 4:
        case 5:
        case 6:
        case 7: return finish_one();
        case 8: return move_line();
        case 9: return move_line();
        case 10: return pulse();
        case 11: return write_pending();
        case 12: return write_enable();
        case 13: return write_priority();
        case 14: return write_route();
        case 15: return send_sgi();
        case 16: return write_group();
        case 17: return write_active();
        case 18: return change_interface();
        case 19: return switch_vcpu();
        case 20: return compare_bank();
        default: return rarely() ? toggle_distributor() : compare_bank();
        }
    }

    /// Everything that is pending comes, sooner or later.
    void drain()
    {
        for (unsigned n = 0; n < setting_.vcpus; ++n) {
            if (!cpus_[n].loaded) w_.load(n);
            cpus_[n].loaded = true;
            w_.run(n);
            w_.interface().group_enabled = cpus_[n].group_enabled = {true, true};
            w_.interface().priority_mask = 0xff;
            cpus_[n].mask = 0xff;
        }
        w_.enable_groups();
        groups_ = 3;
        for (unsigned n = 0; n < setting_.vcpus; ++n) {
            w_.run(n);
            for (unsigned turn = 0; turn < 300 && !testing::Test::HasFailure(); ++turn) {
                // What it handles, it quiets.
                for (const auto iar : begun())
                    lower(Intid{iar & 0x3ff});
                finish_one();
                finish_one();
                acknowledge();
            }
            EXPECT_TRUE(begun().empty());
        }
    }

private:
    using Bits = std::uint32_t;

    bool v2() const { return setting_.version == GicVersion::v2; }
    unsigned upto(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }
    bool rarely() { return upto(8) == 0; }
    unsigned me() const { return w_.self().value(); }
    ReferenceCpu& cpu() { return cpus_[me()]; }
    std::vector<std::uint32_t>& begun() { return cpu().begun; }

    void choose_vcpu()
    {
        do
            w_.run(upto(setting_.vcpus));
        while (!cpu().loaded);
    }
    Intid any()
    {
        const unsigned kind = upto(8);
        if (kind == 0) return sgi(upto(16));
        if (kind == 1) return ppi(upto(16));
        if (kind == 2) return upto(2) == 0 ? virtual_timer : physical_timer;
        if (kind == 3) return upto(2) == 0 ? spi(5) : upto(2) == 0 ? spi(6) : spi(40);
        return spi(upto(spis));
    }
    Reference& reference(Intid id, unsigned of)
    {
        return id.value() < 32 ? cpus_[of].own[id.value()] : spis_[id.value() - 32];
    }
    Reference& reference(Intid id) { return reference(id, me()); }
    /// Whose private interrupts this guest access changes.
    unsigned any_owner() { return v2() || upto(3) != 0 ? me() : upto(setting_.vcpus); }

    bool is_candidate(const Reference& i) const
    {
        const auto& c = cpus_[me()];
        return i.is_pending() && !i.active && i.enabled && (groups_ >> i.group & 1) != 0 &&
               c.group_enabled[i.group] && i.priority < c.mask &&
               i.priority < w_.machine.cpu(CpuId{me()}).interface.running_priority();
    }
    /// Those that this vCPU could acknowledge, the most urgent ones.
    std::vector<const Reference*> most_urgent()
    {
        std::vector<const Reference*> found;
        const auto offer = [&](const Reference& i) {
            if (!is_candidate(i)) return;
            if (!found.empty() && i.priority > found[0]->priority) return;
            if (!found.empty() && i.priority < found[0]->priority) found.clear();
            found.push_back(&i);
        };
        for (const auto& i : cpu().own)
            offer(i);
        for (const auto& i : spis_)
            if (i.target == me()) offer(i);
        return found;
    }

    void acknowledge()
    {
        w_.settle();
        const auto expected = most_urgent();
        const auto iar = w_.interface().acknowledge();
        if (expected.empty()) {
            EXPECT_EQ(iar, VirtualCpuInterface::spurious) << "invented";
            return;
        }
        ASSERT_NE(iar, VirtualCpuInterface::spurious) << "lost";
        const Intid id{iar & 0x3ff};
        auto& got = reference(id);
        ASSERT_NE(std::ranges::find(expected, &got), expected.end())
            << id.value() << " invented, or out of order";
        if (v2() && id.value() < 16) {
            ASSERT_NE(got.senders >> (iar >> 10) & 1, 0U) << "the wrong sender";
            got.senders &= ~(1U << (iar >> 10));
        }
        got.latch = false;
        got.active = true;
        begun().push_back(iar);
        w_.settle();
    }

    void finish_one()
    {
        auto& ended = cpu().ended;
        if (setting_.eoi_mode && !ended.empty() && upto(2) == 0) {
            const auto at = upto(static_cast<unsigned>(ended.size()));
            const auto iar = ended[at];
            ended.erase(ended.begin() + at);
            w_.deactivate(Intid{iar});
            reference(Intid{iar & 0x3ff}).active = false;
        } else if (!begun().empty()) {
            const auto iar = begun().back();
            begun().pop_back();
            w_.end(iar);
            if (setting_.eoi_mode)
                ended.push_back(iar);
            else
                reference(Intid{iar & 0x3ff}).active = false;
        }
    }

    /// A linked line that dropped while the interrupt is in a list register is not seen there:
    /// such a line drops while its handler runs, or when it cannot be signalled.
    bool may_drop(const Reference& i) const
    {
        return i.active || !i.enabled || (groups_ >> i.group & 1) == 0;
    }
    void lower(Intid id)
    {
        auto& i = reference(id);
        if (i.line) set_line(id, false);
    }
    void set_line(Intid id, bool high)
    {
        auto& i = reference(id);
        if (i.edge && high && !i.line) i.latch = true;
        i.line = high;
        if (i.linked)
            w_.machine.set_physical_line(id.value() < 32 ? id : Intid{id.value() + 100}, high);
        else if (id.value() < 32)
            w_.vgic.set_line(id, high, w_.self());
        else
            w_.vgic.set_line(id, high);
        w_.settle();
    }
    void move_line()
    {
        const auto id = any();
        auto& i = reference(id);
        if (id.value() < 16 || (i.linked && (i.edge || (i.line && !may_drop(i))))) return;
        set_line(id, !i.line);
    }
    void pulse()
    {
        const auto id = any();
        auto& i = reference(id);
        if (id.value() < 32 || !i.edge || (i.linked && i.is_pending())) return;
        i.latch = true;
        if (i.linked)
            w_.machine.pulse_physical(Intid{id.value() + 100});
        else
            w_.vgic.pulse(id);
        w_.settle();
    }
    void write_pending()
    {
        const auto id = any();
        const auto of = any_owner();
        auto& i = reference(id, of);
        const bool set = upto(3) != 0;
        if ((v2() && id.value() < 16) || (i.linked && i.edge && set)) return;
        w_.set(set ? World::ispendr : World::icpendr, id, of);
        i.latch = set;
    }
    void write_enable()
    {
        const auto id = any();
        const auto of = any_owner();
        const bool enable = upto(3) != 0;
        w_.set(enable ? World::isenabler : World::icenabler, id, of);
        reference(id, of).enabled = enable;
    }
    void write_priority()
    {
        const auto id = any();
        auto& i = reference(id);
        // With EOImode 0 and more active interrupts than list registers, their priorities tell in
        // which order they were ended.
        if (i.active) return;
        i.priority = upto(32) * 8;
        w_.set_priority(id, static_cast<std::uint8_t>(i.priority));
    }
    void write_route()
    {
        const auto id = spi(upto(spis));
        reference(id).target = upto(setting_.vcpus);
        w_.route(id, reference(id).target);
    }
    void write_group()
    {
        const auto id = any();
        auto& i = reference(id);
        const bool private_v3 = !v2() && id.value() < 32;
        const auto offset = World::igroupr + id.value() / 32 * 4;
        const auto old =
            private_v3 ? w_.read_redistributor(me(), 0x10000 + offset) : w_.read(offset);
        const auto next = old ^ (std::uint64_t{1} << id.value() % 32);
        if (private_v3)
            w_.write_redistributor(me(), 0x10000 + offset, next);
        else
            w_.write(offset, next);
        i.group ^= 1;
    }
    void write_active()
    {
        // With EOImode 0 see write_priority(); what was acknowledged is ended in the usual way.
        const auto id = any();
        const auto of = id.value() < 32 ? any_owner() : 0;
        auto& i = reference(id, of);
        if (!setting_.eoi_mode || (v2() && id.value() < 16)) return;
        if (!i.active) {
            w_.set(World::isactiver, id, of);
            i.active = true;
            // Anybody's to deactivate: by the vCPU that its list register is in.
            software_active_.emplace_back(id, of);
            return;
        }
        const auto mine = std::ranges::find(software_active_, std::pair{id, of});
        if (mine == software_active_.end()) return;
        software_active_.erase(mine);
        w_.set(World::icactiver, id, of);
        i.active = false;
    }
    void send_sgi()
    {
        const auto to = upto(setting_.vcpus);
        if (!cpus_[to].loaded && v2()) return;
        const auto id = sgi(upto(16));
        auto& i = reference(id, to);
        if (v2())
            i.senders |= 1U << me();
        else
            i.latch = true;
        w_.send_sgi(to, id);
    }
    void change_interface()
    {
        if (rarely()) {
            auto& enabled = cpu().group_enabled[upto(2)];
            enabled = !enabled;
            w_.interface().group_enabled = cpu().group_enabled;
        } else {
            cpu().mask = upto(4) == 0 ? upto(32) * 8 : 0xf8;
            w_.interface().priority_mask = static_cast<std::uint8_t>(cpu().mask);
        }
        w_.settle();
    }
    void switch_vcpu()
    {
        const auto n = upto(setting_.vcpus);
        auto& c = cpus_[n];
        const auto loaded = std::ranges::count_if(cpus_, &ReferenceCpu::loaded);
        if (c.loaded && loaded == 1) return;
        if (c.loaded)
            w_.save(n);
        else
            w_.load(n);
        c.loaded = !c.loaded;
    }
    void toggle_distributor()
    {
        groups_ = upto(4) == 0 ? upto(4) : 3;
        w_.enable_groups(groups_);
    }
    void set_edge(Intid id)
    {
        w_.set_edge(id, true);
        reference(id).edge = true;
    }

    void compare_bank()
    {
        const unsigned bank = upto(3);
        const auto of = any_owner();
        const auto read = [&](unsigned group) {
            return bank == 0 && !v2() ? w_.read_redistributor(of, 0x10000 + group)
                                      : w_.read(group + 4 * bank);
        };
        Bits enabled = 0;
        Bits pending = 0;
        Bits active = 0;
        Bits known = 0;
        for (unsigned n = 0; n < 32; ++n) {
            const auto& i = reference(Intid{bank * 32 + n}, of);
            enabled |= Bits{i.enabled} << n;
            pending |= Bits{i.is_pending()} << n;
            active |= Bits{i.active} << n;
            known |= Bits{!(i.linked && bank == 0 && of != me())} << n;
        }
        EXPECT_EQ(read(World::isenabler), enabled) << std::hex << "bank " << bank;
        EXPECT_EQ(read(World::ispendr) & known, pending & known) << "bank " << bank;
        EXPECT_EQ(read(World::isactiver), active) << "bank " << bank;
    }

    Setting setting_;
    std::mt19937 random_;
    World w_;
    std::vector<ReferenceCpu> cpus_;
    std::vector<Reference> spis_;
    std::vector<std::pair<Intid, unsigned>> software_active_;
    unsigned groups_ = 3;
};

class VgicRandom : public testing::TestWithParam<Setting> {};

TEST_P(VgicRandom, no_interrupt_is_lost_invented_or_out_of_order)
{
    Comparison comparison{GetParam()};
    for (unsigned n = 0; n < 4000; ++n) {
        SCOPED_TRACE("step " + std::to_string(n));
        ASSERT_NO_THROW(comparison.step());
        if (HasFailure()) return;
    }
    ASSERT_NO_THROW(comparison.drain());
}

std::vector<Setting> settings()
{
    std::vector<Setting> all;
    const char* wish = std::getenv("VGIC_SEEDS");
    const unsigned seeds =
        wish == nullptr ? 50 : static_cast<unsigned>(std::strtoul(wish, nullptr, 0));
    for (const auto version : {GicVersion::v2, GicVersion::v3})
        for (const unsigned vcpus : {2U, 4U})
            for (const unsigned list_registers : {2U, 4U, 16U})
                for (const bool eoi_mode : {false, true})
                    for (unsigned seed = 1; seed <= seeds; ++seed)
                        all.push_back({version, vcpus, list_registers, eoi_mode, seed});
    return all;
}
INSTANTIATE_TEST_SUITE_P(, VgicRandom, testing::ValuesIn(settings()), name_of);

} // namespace
} // namespace bulkhead::test
