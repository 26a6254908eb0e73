#pragma once

#include "base/types.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <vector>

/// What the architecture promises of each interrupt (IHI 0069, chapter 4), kept beside the virtual
/// GIC while accesses of several processors overlap. Between the start and the end of an access
/// nobody can say whether it has happened: an interrupt *may* be pending from the start of what
/// makes it so, and *must* be from its end.
namespace bulkhead::simulation {

/// One reason to be pending that an acknowledge takes away: of a GICv2 SGI, one for each sender.
class Cause {
public:
    class Raising {
    public:
        explicit Raising(Cause& cause) : cause_(&cause), taken_before_(cause.taken_)
        {
            cause.may_ = true;
            ++cause.raising_;
        }
        /// The access has ended.
        void end()
        {
            --cause_->raising_;
            if (cause_->clearing_)
                cause_->raised_meanwhile_ = true;
            else if (cause_->taken_ == taken_before_)
                cause_->must_ = true;
        }

    private:
        Cause* cause_;
        unsigned taken_before_;
    };

    [[nodiscard]] bool may() const { return may_; }
    [[nodiscard]] bool must() const { return must_; }
    /// Acknowledged. `exactly`: by a processor that had seen all there was to see.
    void take(bool exactly)
    {
        must_ = false;
        if (exactly) may_ = raising_ != 0;
        ++taken_;
    }
    /// Nobody knows.
    void allow() { may_ = true; }
    /// What another access cleared, and what it did not, only the virtual GIC knows.
    void start_clearing()
    {
        must_ = false;
        clearing_ = true;
        raised_meanwhile_ = false;
        ++taken_;
    }
    void end_clearing(bool cleared)
    {
        clearing_ = false;
        ++taken_;
        if (cleared) may_ = raising_ != 0 || raised_meanwhile_;
    }

    bool operator==(const Cause&) const = default;

private:
    bool may_ = false;
    bool must_ = false;
    bool clearing_ = false;
    bool raised_meanwhile_ = false;
    unsigned raising_ = 0;
    unsigned taken_ = 0;
};

struct Record {
    bool enabled = false;
    bool edge = false;
    std::uint8_t priority = 0;
    /// SPIs: the vCPU that they go to.
    unsigned target = 0;
    /// The level of its input, from the start or from the end of a change on.
    bool line_may = false;
    bool line_must = false;
    bool active = false;
    /// Accesses to it that are under way: none of the above is certain.
    unsigned busy = 0;
    unsigned accesses = 0;
    std::array<Cause, 8> causes{};

    bool operator==(const Record&) const = default;
    void start_access()
    {
        ++busy;
        ++accesses;
    }
    void end_access() { --busy; }
    [[nodiscard]] bool is_busy() const { return busy != 0; }

    [[nodiscard]] bool must_be_pending() const
    {
        if (line_must && !edge) return true;
        for (const auto& cause : causes)
            if (cause.must()) return true;
        return false;
    }
};

/// One domain's.
struct Ledger {
    static constexpr unsigned private_interrupts = 32;

    Ledger(unsigned vcpus, unsigned spis) : own(vcpus), shared(spis)
    {
        for (auto& records : own)
            reset_private(records);
    }

    using Private = std::array<Record, private_interrupts>;
    static void reset_private(Private& records)
    {
        for (unsigned n = 0; n < records.size(); ++n) {
            auto& record = records[n];
            record.enabled = record.edge = n < 16;
            record.priority = 0;
            record.active = false;
        }
    }
    Record& at(unsigned vcpu, unsigned intid)
    {
        return intid < private_interrupts ? own[vcpu][intid] : shared[intid - private_interrupts];
    }

    std::vector<Private> own;
    std::vector<Record> shared;
};

} // namespace bulkhead::simulation
