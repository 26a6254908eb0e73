#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "machine/guest_memory.hpp"
#include "memory/stage2_map.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace bulkhead::memory {

/// A copy of something that a guest wrote: no more than its word. Opened by a check alone.
template <typename T>
class Untrusted {
public:
    explicit Untrusted(const T& value) : value_(value) {}

    /// What `check` makes of it: a Result.
    template <typename Check>
    [[nodiscard]] auto open(Check&& check) const -> std::invoke_result_t<Check, const T&>
    {
        return check(value_);
    }

private:
    T value_;
};

/// Bytes of the guest's RAM that lie in at most two pages.
struct SharedBytes {
    std::array<PhysicalAddress, 2> start{};
    std::array<std::size_t, 2> size{};

    void store(std::span<const std::byte> bytes) const;
};

/// The one way into the memory of the guest that runs on this CPU. Nothing of it stays mapped in
/// EL2 but the page that a machine::Window was last used for, and nobody gets a pointer to it.
class GuestMemory {
public:
    explicit GuestMemory(const Stage2Map& map) : map_(map) {}

    /// A T at an address of the guest's. bad_address unless all of it is RAM that EL1 may access.
    template <typename T>
        requires std::is_trivially_copyable_v<T>
    [[nodiscard]] Result<Untrusted<T>> read(VirtualAddress from) const
    {
        T value;
        if (auto done = copy_in(std::as_writable_bytes(std::span{&value, 1}), from); !done)
            return failure(done.error());
        return Untrusted<T>{value};
    }
    template <typename T>
        requires std::is_trivially_copyable_v<T>
    Result<void> write(VirtualAddress to, const T& value) const
    {
        return copy_out(to, std::as_bytes(std::span{&value, 1}));
    }
    /// May the guest write there? What is asked before something that must not be done in vain.
    [[nodiscard]] Result<void> check_writable(VirtualAddress to, std::size_t size) const;

    Result<void> copy_in(std::span<std::byte> to, VirtualAddress from) const;
    /// bad_address: what comes before the first page that cannot be written was written.
    Result<void> copy_out(VirtualAddress to, std::span<const std::byte> from) const;

    /// Where the bytes at an address of the guest's are, for later: in at most two pages.
    /// bad_address.
    [[nodiscard]] Result<SharedBytes> locate(VirtualAddress start, std::size_t size) const;
    /// The page of RAM at a guest's frame. bad_address when there is none.
    [[nodiscard]] Result<PhysicalAddress> page(Gfn frame) const;

private:
    /// Calls `visit(physical address, bytes done, bytes)` for the pages of a range.
    Result<void> for_each_piece(VirtualAddress start, std::size_t size, machine::GuestAccess access,
                                auto&& visit) const;

    const Stage2Map& map_;
};

/// Words that a guest and Bulkhead change at the same time: in a page of the guest's or in one of
/// EL2's own, 8-byte aligned, at `start`. A bit is numbered from there. For use at once: until the
/// next one with the same window.
class SharedBits {
public:
    SharedBits(machine::Window window, PhysicalAddress start);

    /// What the bit was. A guest that writes the same cache line all the time could keep this from
    /// ever succeeding (as with any exclusive store): after some attempts it loses the change.
    bool set(unsigned bit) const { return change(bit, true); }
    bool clear(unsigned bit) const { return change(bit, false); }
    [[nodiscard]] bool is_set(unsigned bit) const;
    /// Makes the first byte 1, after all changes before.
    void set_first_byte() const;

    /// Copies all of `bytes` to `start`, or from there: within one page.
    void store(std::span<const std::byte> bytes) const;
    void load(std::span<std::byte> bytes) const;

private:
    bool change(unsigned bit, bool value) const;
    [[nodiscard]] std::atomic_ref<std::uint64_t> word(unsigned bit) const;

    std::byte* start_;
};

} // namespace bulkhead::memory
