#pragma once

#include "base/fixed_vector.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "boot/domain_description.hpp"
#include "device/guest_layout.hpp"
#include "memory/physical_ranges.hpp"
#include "memory/stage2_map.hpp"

#include <cstdint>
#include <span>

namespace bulkhead::boot {

/// Nothing that was in that memory, which is mapped, is in the caches any more, nor, with `clear`,
/// in memory.
void scrub(memory::PhysicalRange range, bool clear);

/// A domain's RAM: where it is in the guest's address space and on the host. EL2 reaches it only
/// from open() to close(), while it is filled.
class GuestRam {
public:
    struct Piece {
        GuestAddress guest;
        memory::PhysicalRange host;
    };
    /// One of the guest's banks, as its device tree has them.
    using Bank = device::guest_layout::Window;

    /// Takes what the domain is to have, its static memory in the order of the tree or else from
    /// `free` in as few and as large aligned pieces as there are, and maps it in `map`: at the
    /// guest's RAM banks, or with direct-map where it is. out_of_memory, no_space when it would be
    /// too many pieces. Once.
    Result<void> allocate(const DomainDescription& description, memory::PhysicalRanges& free,
                          memory::Stage2Map& map);

    void open() const;
    /// All of it.
    void scrub(bool clear) const;

    /// `size` bytes at `address`, if they are in one piece. bad_address otherwise.
    [[nodiscard]] Result<std::span<std::byte>> at(GuestAddress address, std::uint64_t size) const;
    /// Copies `data` to `address`, over as many pieces as it takes. bad_address when the guest has
    /// no RAM there.
    Result<void> copy(GuestAddress address, std::span<const std::byte> data) const;

    /// What was written is in memory for a guest with its caches off; EL2 cannot reach it any more.
    void close() const;

    [[nodiscard]] std::span<const Bank> banks() const { return banks_; }

private:
    Result<void> add(const Piece& piece, memory::Stage2Map& map);

    FixedVector<Piece, 64> pieces_;
    /// As many as a tree has room for.
    FixedVector<Bank, 16> banks_;
};

} // namespace bulkhead::boot
