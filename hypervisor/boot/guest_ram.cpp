#include "boot/guest_ram.hpp"

#include "base/bits.hpp"
#include "machine/memory.hpp"

#include <algorithm>

namespace bulkhead::boot {
namespace {

using namespace literals;

/// Stage 2 blocks, largest first.
constexpr std::uint64_t units[] = {1_GiB, 2_MiB, page_size};

/// The next piece for a guest address with this alignment: whole units, the largest there are.
Result<memory::PhysicalRange> take_piece(GuestAddress guest, std::uint64_t most,
                                         memory::PhysicalRanges& free)
{
    for (const auto unit : units) {
        if (!is_aligned(guest.value(), unit)) continue;
        const auto size = std::min(align_down(most, unit), free.largest(unit));
        if (size == 0) continue;
        const auto start = free.take(size, unit);
        if (!start) return failure(start.error());
        return memory::PhysicalRange{*start, size};
    }
    return failure(Error::out_of_memory);
}

} // namespace

Result<void> GuestRam::allocate(std::uint64_t size, memory::PhysicalRanges& free,
                                memory::Stage2Map& map)
{
    for (const auto& window : device::guest_layout::ram) {
        const auto in_bank = std::min(size, window.size);
        for (std::uint64_t done = 0; done < in_bank;) {
            const auto guest = window.start + done;
            const auto host = take_piece(guest, in_bank - done, free);
            if (!host) return failure(host.error());
            if (auto kept = pieces_.push({guest, *host}); !kept) return kept;
            if (auto mapped = map.map(guest, host->start, host->size, memory::Stage2Access::ram);
                !mapped)
                return mapped;
            done += host->size;
        }
        if (in_bank != 0) static_cast<void>(banks_.push({window.start, in_bank}));
        size -= in_bank;
    }
    return size == 0 ? Result<void>{} : failure(Error::out_of_memory);
}

void GuestRam::open() const
{
    for (const auto& piece : pieces_)
        machine::map_physical(piece.host.start, piece.host.size, machine::MapAccess::read_write);
}

void GuestRam::scrub(bool clear) const
{
    for (const auto& piece : pieces_) {
        auto* const start = machine::pointer_to(piece.host.start);
        for (std::uint64_t offset = 0; clear && offset < piece.host.size; offset += page_size)
            machine::clear_page(start + offset);
        machine::clean_data_cache(start, piece.host.size);
    }
}

Result<std::span<std::byte>> GuestRam::at(GuestAddress address, std::uint64_t size) const
{
    for (const auto& piece : pieces_) {
        if (address < piece.guest || address - piece.guest >= piece.host.size) continue;
        const auto offset = address - piece.guest;
        if (piece.host.size - offset < size) break;
        return std::span{machine::pointer_to(piece.host.start + offset), size};
    }
    return failure(Error::bad_address);
}

Result<void> GuestRam::copy(GuestAddress address, std::span<const std::byte> data) const
{
    while (!data.empty()) {
        const auto piece = std::ranges::find_if(pieces_, [&](const Piece& p) {
            return address >= p.guest && address - p.guest < p.host.size;
        });
        if (piece == pieces_.end()) return failure(Error::bad_address);
        const auto offset = address - piece->guest;
        const auto size = std::min<std::uint64_t>(data.size(), piece->host.size - offset);
        auto* to = machine::pointer_to(piece->host.start + offset);
        std::copy_n(data.begin(), size, to);
        machine::clean_data_cache(to, size);
        data = data.subspan(size);
        address += size;
    }
    return {};
}

void GuestRam::close() const
{
    for (const auto& piece : pieces_)
        machine::unmap_physical(piece.host.start, piece.host.size);
}

} // namespace bulkhead::boot
