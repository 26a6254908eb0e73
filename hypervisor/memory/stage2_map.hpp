#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "memory/page_pool.hpp"
#include "memory/stage2_entry.hpp"

#include <cstdint>
#include <span>

namespace bulkhead::memory {

/// A domain's guest-physical address space: stage 2 translation tables with a start at level 1, in
/// the largest blocks that fit. Not synchronised: changed while the domain is built or paused.
class Stage2Map {
public:
    /// Takes the root table from the pool. `vmid` is the domain's own.
    static Result<Stage2Map> create(PagePool& pool, std::uint16_t vmid);

    /// Maps [guest, guest + size) to [host, host + size). invalid unless all are whole pages,
    /// out_of_range beyond the address space. exists, out_of_memory: only what comes before the
    /// first that is mapped already, or that lacks a table, was mapped.
    Result<void> map(GuestAddress guest, PhysicalAddress host, std::uint64_t size,
                     Stage2Access access);

    struct Translation {
        PhysicalAddress address;
        /// Guest RAM, not a device's page.
        bool is_ram;
        /// Bytes from there to the end of the block or page.
        std::uint64_t contiguous;
    };
    /// bad_address where nothing is mapped.
    [[nodiscard]] Result<Translation> translate(GuestAddress guest) const;

    /// VTTBR_EL2 for this map (Arm ARM D17.2.151).
    [[nodiscard]] std::uint64_t vttbr() const;
    [[nodiscard]] std::uint16_t vmid() const { return vmid_; }
    [[nodiscard]] PhysicalAddress root() const;

    /// Bits of a guest-physical address: what the CPU has, 40 at most, so that the walk starts at
    /// level 1 with two concatenated tables (D8.2.9).
    static unsigned address_bits();
    static Vtcr vtcr();

private:
    Stage2Map(PagePool& pool, std::uint16_t vmid, Stage2Entry* root)
        : pool_(&pool), vmid_(vmid), root_(root)
    {
    }

    PagePool* pool_;
    std::uint16_t vmid_;
    Stage2Entry* root_;
};

} // namespace bulkhead::memory
