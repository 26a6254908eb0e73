#include "arm64/stage1.hpp"

#include "arm64/boot_tables.hpp"
#include "arm64/layout.hpp"
#include "arm64/system_register.hpp"
#include "base/read_only_after_boot.hpp"
#include "machine/cpu.hpp"
#include "machine/memory.hpp"
#include "memory/page_pool.hpp"

#include <algorithm>

namespace bulkhead::arm64 {
namespace {

READ_ONLY_AFTER_BOOT constinit PhysicalAddress image_physical;

/// For the device tree and the console, before there is a pool (at most 6), and for the pool's
/// chunks: one for each GiB that they lie in.
constexpr unsigned image_tables = 12;
alignas(page_size) [[gnu::section(".noinit")]] Stage1Table image_table[image_tables];
unsigned image_tables_used;

Stage1Entry* new_table(TableSource source)
{
    if (source == TableSource::image) {
        if (image_tables_used == image_tables) machine::halt("EL2 is out of early tables");
        auto* const table = image_table[image_tables_used++];
        machine::clear_page(table);
        return table;
    }
    auto page = memory::page_pool().allocate_pages(1);
    if (!page) machine::halt("no memory for EL2's translation tables");
    return reinterpret_cast<Stage1Entry*>(*page);
}

Stage1Entry* table_behind(Stage1Entry entry)
{
    const PhysicalAddress table{entry.get(Stage1Entry::frame) << page_shift};
    return reinterpret_cast<Stage1Entry*>(machine::pointer_to(table));
}

constexpr unsigned last_level = 3;

bool is_valid(Stage1Entry entry)
{
    return entry.get(Stage1Entry::type) != Stage1Entry::Type::invalid;
}

bool is_table(Stage1Entry entry, unsigned level)
{
    return level < last_level && entry.get(Stage1Entry::type) == Stage1Entry::Type::table_or_page;
}

/// The entry that ends the walk for an address, and its level.
Stage1Entry& entry_of(std::uint64_t address, unsigned& level)
{
    Stage1Entry* table = boot_root_table;
    for (level = 0; is_table(table[table_index(address, level)], level); ++level)
        table = table_behind(table[table_index(address, level)]);
    return table[table_index(address, level)];
}

void forget_all_translations()
{
    dsb_ish();
    asm volatile("tlbi alle2is" : : : "memory");
    dsb_ish();
    isb();
}

} // namespace

void map_stage1(std::uint64_t address, PhysicalAddress physical, std::size_t size, Access access,
                TableSource tables)
{
    const auto end = address + size;
    const auto fits = [&](unsigned level) {
        const auto span = std::uint64_t{1} << level_shift(level);
        return level > 0 && is_aligned(address | physical.value(), span) && end - address >= span;
    };
    while (address < end) {
        Stage1Entry* table = boot_root_table;
        unsigned level = 0;
        for (;; ++level) {
            auto& entry = table[table_index(address, level)];
            if (is_valid(entry) ? !is_table(entry, level) : fits(level)) break;
            if (!is_valid(entry)) {
                auto* fresh = new_table(tables);
                // The walker must not find the table before its zeros.
                machine::publish_table_writes();
                entry = stage1_table(machine::physical_address_of(fresh));
            }
            table = table_behind(entry);
        }
        const auto span = std::uint64_t{1} << level_shift(level);
        auto* entry = &table[table_index(address, level)];
        if (is_valid(*entry)) { // is mapped already, by a block perhaps
            const auto step = span - (address & (span - 1));
            address += step;
            physical += step;
            continue;
        }
        // As many entries of this table as fit.
        const auto run_end =
            std::min(align_down(address, entries_per_table * span) + entries_per_table * span,
                     align_down(end, span));
        auto leaf = stage1_leaf(physical, access, level != last_level).raw();
        for (; address < run_end && !is_valid(*entry); leaf += span, physical += span) {
            *entry++ = Stage1Entry::from(leaf);
            address += span;
        }
    }
    machine::publish_table_writes();
}

Stage1Entry& stage1_entry(std::uint64_t address)
{
    unsigned level = 0;
    return entry_of(address, level);
}

void unmap_stage1(std::uint64_t address, std::size_t size)
{
    const auto end = address + size;
    while (address < end) {
        unsigned level = 0;
        entry_of(address, level) = Stage1Entry{};
        dsb_ish();
        // This alone: what other CPUs' guests are served with stays in their TLBs.
        asm volatile("tlbi vae2is, %0" : : "r"(address >> page_shift & bits(43, 0)) : "memory");
        const auto span = std::uint64_t{1} << level_shift(level);
        address = align_down(address, span) + span;
    }
    dsb_ish();
    isb();
}

void set_image_location(PhysicalAddress start) { image_physical = start; }
PhysicalAddress image_location() { return image_physical; }

void remove_identity_map()
{
    boot_root_table[table_index(image_physical.value(), 0)] = Stage1Entry{};
    forget_all_translations();
}

void end_boot_writes()
{
    const auto start = reinterpret_cast<std::uint64_t>(read_only_after_boot_start);
    const auto pages =
        static_cast<std::uint64_t>(read_only_after_boot_end - read_only_after_boot_start) /
        page_size;
    auto* const entries = &stage1_entry(start);
    // The entries are in one of these pages: its own has to be the last that is written.
    const auto own = (reinterpret_cast<std::uint64_t>(entries) - start) / page_size;
    const auto protect = [&](std::uint64_t page) {
        entries[page] = entries[page].with(Stage1Entry::read_only, true);
    };
    for (std::uint64_t page = 0; page < pages; ++page)
        if (page != own) protect(page);
    protect(own);
    forget_all_translations();
}

} // namespace bulkhead::arm64
