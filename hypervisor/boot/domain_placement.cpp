#include "boot/domain_placement.hpp"

#include "base/bits.hpp"
#include "boot/complaints.hpp"

#include <algorithm>

namespace bulkhead::boot {
namespace {

/// A maximum matching of vCPUs and CPUs, grown by one augmenting path for each vCPU: a
/// breadth-first search from the new vCPU over CPUs that it could have if their owners moved.
class CpuPlacement {
public:
    explicit CpuPlacement(CpuMask cpus) : all_(cpus) {}

    [[nodiscard]] std::size_t used() const { return seats_.size(); }

    bool add(DomainDescription& domain, unsigned vcpu)
    {
        const auto start = seats_.size();
        if (!seats_.push(
                {.affinity = domain.hard_affinity[vcpu] & all_, .cpu = &domain.cpus[vcpu]}))
            return false;
        FixedVector<std::size_t, max_cpus> queue;
        static_cast<void>(queue.push(start));
        CpuMask seen = 0;
        std::array<std::size_t, max_cpus> reached_by{};
        for (std::size_t next = 0; next < queue.size(); ++next) {
            const auto seat = queue[next];
            const auto fresh = seats_[seat].affinity & ~seen;
            seen |= fresh;
            for_each_bit(fresh, [&](unsigned cpu) { reached_by[cpu] = seat; });
            if (const auto free = fresh & ~taken_; free != 0) {
                move_along(static_cast<unsigned>(std::countr_zero(free)), reached_by, start);
                return true;
            }
            for_each_bit(fresh, [&](unsigned cpu) { static_cast<void>(queue.push(owner_[cpu])); });
        }
        seats_.pop();
        return false;
    }

    /// Takes the latest vCPUs back: the others keep what they have.
    void shrink(std::size_t size)
    {
        for (; seats_.size() > size; seats_.pop())
            taken_ &= ~bit(seats_.back().cpu->value());
    }

private:
    struct Seat {
        CpuMask affinity = 0;
        CpuId* cpu = nullptr;
    };

    /// The free CPU goes to the vCPU that reached it, that one's to the vCPU that reached that ...
    void move_along(unsigned cpu, const std::array<std::size_t, max_cpus>& reached_by,
                    std::size_t start)
    {
        taken_ |= bit(cpu);
        for (;;) {
            const auto seat = reached_by[cpu];
            const auto left = seats_[seat].cpu->value();
            *seats_[seat].cpu = CpuId{cpu};
            owner_[cpu] = seat;
            if (seat == start) return;
            cpu = left;
        }
    }

    CpuMask all_;
    CpuMask taken_ = 0;
    FixedVector<Seat, max_cpus> seats_;
    std::array<std::size_t, max_cpus> owner_{};
};

} // namespace

void place_vcpus(DomainDescriptions& domains, unsigned pool, CpuMask cpus, Report& report)
{
    CpuPlacement placement{cpus};
    const auto count = static_cast<std::size_t>(std::popcount(cpus));
    for (auto& domain : domains) {
        if (domain.is_wrong || domain.pool != pool) continue;
        const auto before = placement.used();
        Complaints complain{domain, report};
        if (domain.vcpus > count - before) {
            complain.wrong(domain.node,
                           "cpus = {}, but {} of {} CPUs are free, and each vCPU gets its own",
                           domain.vcpus, count - before, count);
            continue;
        }
        for (unsigned vcpu = 0; vcpu < domain.vcpus && !domain.is_wrong; ++vcpu) {
            if (placement.add(domain, vcpu)) continue;
            complain.wrong(domain.node,
                           "hard-affinity leaves no CPU for vCPU {}: those it may have (mask {x}) "
                           "are needed by vCPUs placed before",
                           vcpu, domain.hard_affinity[vcpu]);
            placement.shrink(before);
        }
    }
}

void spread_vcpus(DomainDescriptions& domains, unsigned pool, CpuMask cpus, Report& report)
{
    unsigned next = 0;
    for (auto& domain : domains) {
        if (domain.is_wrong || domain.pool != pool) continue;
        Complaints complain{domain, report};
        const auto needs_own_cpus = [&](std::string_view what) {
            complain.wrong(domain.node,
                           "{} needs CPUs that are not shared: scheduler null, or no {}", what,
                           what);
        };
        if (domain.vpmu) needs_own_cpus("vpmu");
        if (domain.sve_bits != 0) needs_own_cpus("sve");
        for (unsigned vcpu = 0; vcpu < domain.vcpus; ++vcpu) {
            const auto may = domain.hard_affinity[vcpu] & cpus;
            const auto rather = may & soft_affinity(domain, vcpu);
            if (may == 0) {
                complain.wrong(domain.node,
                               "hard-affinity of vCPU {} (mask {x}) has no CPU of its pool (mask "
                               "{x})",
                               vcpu, domain.hard_affinity[vcpu], cpus);
                continue;
            }
            // The next one from there on, around the end.
            const auto from = rather != 0 ? rather : may;
            const auto later = from & ~(bit(next) - 1);
            next = static_cast<unsigned>(std::countr_zero(later != 0 ? later : from));
            domain.cpus[vcpu] = CpuId{next++};
        }
    }
}

} // namespace bulkhead::boot
