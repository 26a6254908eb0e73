#include "arm64/boot_tables.hpp"

#include "arm64/entry_constants.h"
#include "arm64/layout.hpp"

namespace bulkhead::arm64 {

static_assert(STACKS_BASE == stacks_base && STACK_SLOT == stack_slot && MAX_CPUS == max_cpus);

namespace {

alignas(page_size) [[gnu::section(".bss.tables")]] Stage1Table image_level1;
alignas(page_size) [[gnu::section(".bss.tables")]] Stage1Table image_level2;
alignas(page_size) [[gnu::section(".bss.tables")]] Stage1Table image_level3;
alignas(page_size) [[gnu::section(".bss.tables")]] Stage1Table identity_level1;
alignas(page_size) [[gnu::section(".bss.tables")]] Stage1Table identity_level2;

/// Before the MMU is on, a symbol's address is where it is in physical memory.
PhysicalAddress where(const void* symbol)
{
    return PhysicalAddress{reinterpret_cast<std::uint64_t>(symbol)};
}

} // namespace

extern "C" {

alignas(page_size) [[gnu::section(".bss.tables")]] Stage1Table boot_root_table;

[[gnu::noinline, gnu::target("strict-align")]] void build_boot_tables(std::uint64_t image_address)
{
    const PhysicalAddress image{image_address};
    const auto text_pages = static_cast<unsigned>((rodata_start - image_start) >> page_shift);
    const auto rodata_pages = static_cast<unsigned>((data_start - image_start) >> page_shift);
    const auto all_pages = static_cast<unsigned>((image_end - image_start) >> page_shift);

    for (unsigned page = 0; page < all_pages; ++page) {
        const auto access = page < text_pages     ? Access::execute
                            : page < rodata_pages ? Access::read_only
                                                  : Access::read_write;
        image_level3[page] = stage1_leaf(image + page * page_size, access, false);
    }
    image_level2[table_index(image_base, 2)] = stage1_table(where(image_level3));
    image_level1[table_index(image_base, 1)] = stage1_table(where(image_level2));
    boot_root_table[table_index(image_base, 0)] = stage1_table(where(image_level1));

    // The entry code is in the image's first 2 KiB: one block, 2 MiB.
    const PhysicalAddress block{align_down(image_address, 1U << level_shift(2))};
    identity_level2[table_index(image_address, 2)] = stage1_leaf(block, Access::execute, true);
    identity_level1[table_index(image_address, 1)] = stage1_table(where(identity_level2));
    boot_root_table[table_index(image_address, 0)] = stage1_table(where(identity_level1));
}
}

} // namespace bulkhead::arm64
