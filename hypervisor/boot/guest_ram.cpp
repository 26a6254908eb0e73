#include "boot/guest_ram.hpp"

#include "base/bits.hpp"
#include "boot/static_memory.hpp"
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

Result<void> GuestRam::add(const Piece& piece, memory::Stage2Map& map)
{
    const auto [guest, host] = piece;
    if (auto kept = pieces_.push(piece); !kept) return kept;
    if (!banks_.empty() && banks_.back().end() == guest)
        banks_.back().size += host.size;
    else if (auto kept = banks_.push({guest, host.size}); !kept)
        return kept;
    return map.map(guest, host.start, host.size, memory::Stage2Access::ram);
}

Result<void> GuestRam::allocate(const DomainDescription& description, memory::PhysicalRanges& free,
                                memory::Stage2Map& map)
{
    unsigned next = 0;
    memory::PhysicalRange part; // what is left of a range of static memory
    GuestAddress guest;
    std::uint64_t in_bank = 0;
    const auto* window = std::begin(device::guest_layout::ram);
    for (auto left = description.memory; left != 0;) {
        if (part.size == 0 && next != description.static_ranges) {
            const auto range = static_memory(description.node, next++);
            if (!range) return failure(range.error());
            part = *range;
        }
        if (description.places.direct_map) {
            guest = GuestAddress{part.start.value()};
            in_bank = part.size;
        } else if (in_bank == 0) {
            if (window == std::end(device::guest_layout::ram)) return failure(Error::out_of_memory);
            guest = window->start;
            in_bank = std::min(left, window++->size);
        }
        auto host = part.size != 0
                        ? Result<memory::PhysicalRange>{{part.start, std::min(part.size, in_bank)}}
                        : take_piece(guest, in_bank, free);
        if (!host) return failure(host.error());
        if (auto added = add({guest, *host}, map); !added) return added;
        if (part.size != 0) part = {part.start + host->size, part.size - host->size};
        guest += host->size;
        in_bank -= host->size;
        left -= host->size;
    }
    return {};
}

void GuestRam::open() const
{
    for (const auto& piece : pieces_)
        machine::map_physical(piece.host.start, piece.host.size, machine::MapAccess::read_write);
}

void scrub(memory::PhysicalRange range, bool clear)
{
    auto* const start = machine::pointer_to(range.start);
    for (std::uint64_t offset = 0; clear && offset < range.size; offset += page_size)
        machine::clear_page(start + offset);
    machine::clean_data_cache(start, range.size);
}

void GuestRam::scrub(bool clear) const
{
    for (const auto& piece : pieces_)
        boot::scrub(piece.host, clear);
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
