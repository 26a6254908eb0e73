#include "memory/stage2_map.hpp"

#include "base/bits.hpp"
#include "machine/memory.hpp"

#include <algorithm>

namespace bulkhead::memory {
namespace {

using Entry = Stage2Entry;

constexpr unsigned first_level = 1;
constexpr unsigned last_level = 3;
constexpr unsigned address_bits_most = 40;

/// Bytes that one entry of a level covers (Arm ARM D8.2.6, 4 KiB granule).
constexpr std::uint64_t span_of(unsigned level) { return page_size << (9 * (last_level - level)); }

std::uint64_t index_of(GuestAddress address, unsigned level)
{
    const auto index = address.value() / span_of(level);
    return level == first_level ? index : index % 512; // the root is several tables in a row
}

Entry* table_behind(Entry entry)
{
    return reinterpret_cast<Entry*>(machine::pointer_to(address_of(entry.get(Entry::frame))));
}

bool is_leaf(Entry entry, unsigned level)
{
    return level == last_level || entry.get(Entry::type) == Entry::Type::block;
}

} // namespace

unsigned Stage2Map::address_bits()
{
    return std::min(machine::physical_address_bits(), address_bits_most);
}

Vtcr Stage2Map::vtcr()
{
    constexpr std::uint8_t range_bits[] = {32, 36, 40, 42, 44, 48};
    std::uint8_t range = 0;
    while (range + 1U < std::size(range_bits) &&
           range_bits[range] < machine::physical_address_bits())
        ++range;
    return Vtcr{}
        .with(Vtcr::t0sz, static_cast<std::uint8_t>(64 - address_bits()))
        .with(Vtcr::start_level, 1)
        .with(Vtcr::inner_cache, 1)
        .with(Vtcr::outer_cache, 1)
        .with(Vtcr::shareability, Entry::Shareability::inner)
        .with(Vtcr::physical_size, range)
        .with(Vtcr::one, true);
}

Result<Stage2Map> Stage2Map::create(PagePool& pool, std::uint16_t vmid)
{
    constexpr auto root_size = (bit(address_bits_most) / span_of(first_level)) * sizeof(Entry);
    auto root = pool.allocate_pages(root_size / page_size, root_size);
    if (!root) return failure(root.error());
    return Stage2Map{pool, vmid, reinterpret_cast<Entry*>(*root)};
}

Result<void> Stage2Map::map(GuestAddress guest, PhysicalAddress host, std::uint64_t size,
                            Stage2Access access)
{
    if (!is_aligned(guest.value() | host.value() | size, page_size)) return failure(Error::invalid);
    const auto end = guest + size;
    if (end < guest || end.value() > bit(address_bits())) return failure(Error::out_of_range);
    while (guest < end) {
        Entry* table = root_;
        unsigned level = first_level;
        auto fits = [&](unsigned l) {
            return is_aligned(guest.value() | host.value(), span_of(l)) &&
                   end - guest >= span_of(l);
        };
        while (level < last_level && !fits(level)) {
            auto& entry = table[index_of(guest, level)];
            if (entry.get(Entry::type) == Entry::Type::invalid) {
                auto page = pool_->allocate_pages(1);
                if (!page) return failure(page.error());
                entry = stage2_table(frame_of(machine::physical_address_of(*page)));
            } else if (is_leaf(entry, level)) {
                return failure(Error::exists);
            }
            table = table_behind(entry);
            ++level;
        }
        auto& leaf = table[index_of(guest, level)];
        if (leaf.get(Entry::type) != Entry::Type::invalid) return failure(Error::exists);
        leaf = stage2_leaf(frame_of(host), access, level != last_level);
        guest += span_of(level);
        host += span_of(level);
    }
    // Only invalid entries became valid: no walker can hold them (Arm ARM D8.14.1).
    machine::publish_table_writes();
    return {};
}

Result<Stage2Map::Translation> Stage2Map::translate(GuestAddress guest) const
{
    if (guest.value() >= bit(address_bits())) return failure(Error::bad_address);
    const Entry* table = root_;
    for (unsigned level = first_level;; ++level) {
        const auto entry = table[index_of(guest, level)];
        if (entry.get(Entry::type) == Entry::Type::invalid) return failure(Error::bad_address);
        if (is_leaf(entry, level)) {
            const auto offset = guest.value() % span_of(level);
            return Translation{address_of(entry.get(Entry::frame)) + offset,
                               entry.get(Entry::memory_type) ==
                                   Entry::MemoryType::normal_write_back,
                               span_of(level) - offset};
        }
        table = table_behind(entry);
    }
}

PhysicalAddress Stage2Map::root() const { return machine::physical_address_of(root_); }

std::uint64_t Stage2Map::vttbr() const { return root().value() | (std::uint64_t{vmid_} << 48); }

} // namespace bulkhead::memory
