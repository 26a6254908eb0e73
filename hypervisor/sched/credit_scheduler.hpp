#pragma once

#include "sched/options.hpp"
#include "sched/queue_scheduler.hpp"

namespace bulkhead::sched {

/// Xen's credit: a domain's weight is shared by those of its units that want a CPU; long time
/// slices; who wakes with credit left is boosted over all that compute. Source: Emmanuel Ackaouy's
/// scheduler of 2006 as Cherkasova, Gupta and Vahdat describe it ("Comparison of the three CPU
/// schedulers in Xen", SIGMETRICS PER 35(2), 2007), and xl's sched-credit.
///
/// That one hands credit out by a tick and sorts by the sign of what is left (UNDER, OVER). Here
/// nothing ticks: as in credit2 there is what everybody was given (given_) and what each has spent
/// (Unit::spent, by its part of the weight), and the order is that of the amounts. So who is under
/// goes before who is over, and among these the one who is owed most.
///
/// Invariants. Level 0 is boosted: it woke, and has credit. A unit that gets a CPU has credit, for
/// otherwise all were given more. Who wakes has at most a time slice's credit, and nobody a debt
/// for what it ran while nobody waited.
class CreditScheduler final : public QueueScheduler {
public:
    constexpr CreditScheduler() = default;
    /// Before the first unit comes.
    void start(const Options& options);

    Result<void> adjust(Unit& unit, const Parameters& parameters) override EXCLUDES(lock_);
    [[nodiscard]] Parameters parameters(const Unit& unit) const override;

private:
    void joined(Unit& unit, Ticks now) override;
    void charge(Unit& unit, std::uint64_t ticks, bool alone, Ticks now) override;
    Ticks admit(Unit& unit, Why why, Ticks now) override;
    Ticks limit(Unit& unit, const Unit* rival, Ticks started, Ticks now) override;

    void clip(Unit& unit, std::uint64_t most) const;
    void weights_changed();

    std::uint64_t slice_ = 0;
    /// In the unit of `spent`. A reset gives a slice of the highest weight; nobody has more credit
    /// than two of the lowest.
    std::uint64_t given_ = 0;
    std::uint64_t reset_ = 0;
    std::uint64_t most_ = 0;
};

} // namespace bulkhead::sched
