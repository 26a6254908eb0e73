// machine/memory.hpp on EL2.

#include "machine/memory.hpp"

#include "arm64/boot_tables.hpp"
#include "arm64/layout.hpp"
#include "arm64/stage1.hpp"
#include "arm64/system_register.hpp"
#include "base/bits.hpp"
#include "memory/page_pool.hpp"

namespace bulkhead::machine {

using namespace arm64;

namespace {

BULKHEAD_SYSTEM_REGISTER(ID_AA64MMFR0_EL1);

std::uint64_t direct_address(PhysicalAddress physical) { return direct_base + physical.value(); }

bool is_in_image(std::uint64_t address)
{
    return address >= image_base &&
           address < image_base + static_cast<std::uint64_t>(image_end - image_start);
}

} // namespace

std::byte* map_physical(PhysicalAddress start, std::size_t size, MapAccess access)
{
    const PhysicalAddress first{align_down(start.value(), page_size)};
    const auto end = align_up(start.value() + size, page_size);
    const auto how = access == MapAccess::device      ? Access::device
                     : access == MapAccess::read_only ? Access::read_only
                                                      : Access::read_write;
    const auto tables =
        memory::page_pool().size() == 0 ? TableSource::image : TableSource::page_pool;
    map_stage1(direct_address(first), first, end - first.value(), how, tables);
    return pointer_to(start);
}

std::byte* map_pool_chunk(PhysicalAddress start, std::size_t size)
{
    map_stage1(direct_address(start), start, size, Access::read_write, TableSource::image);
    return pointer_to(start);
}

void unmap_physical(PhysicalAddress start, std::size_t size)
{
    const PhysicalAddress first{align_down(start.value(), page_size)};
    unmap_stage1(direct_address(first), align_up(start.value() + size, page_size) - first.value());
}

std::byte* pointer_to(PhysicalAddress address)
{
    const auto image_size = static_cast<std::uint64_t>(image_end - image_start);
    if (address >= image_location() && address - image_location() < image_size)
        return reinterpret_cast<std::byte*>(image_base + (address - image_location()));
    return reinterpret_cast<std::byte*>(direct_address(address));
}

PhysicalAddress physical_address_of(const void* pointer)
{
    const auto address = reinterpret_cast<std::uint64_t>(pointer);
    if (is_in_image(address)) return image_location() + (address - image_base);
    return PhysicalAddress{address - direct_base};
}

void clear_page(void* page)
{
    // DCZID_EL0.BS: log2 of the words that one DC ZVA clears; DZP: it is prohibited.
    const auto block = DCZID_EL0::read();
    auto* byte = static_cast<std::byte*>(page);
    auto* const end = byte + page_size;
    if ((block & bit(4)) == 0) {
        for (const auto step = std::size_t{4} << (block & 0xf); byte != end; byte += step)
            asm volatile("dc zva, %0" : : "r"(byte) : "memory");
        return;
    }
    for (; byte != end; byte += 16)
        asm volatile("stp xzr, xzr, [%0]" : : "r"(byte) : "memory");
}

void clean_data_cache(const void* start, std::size_t size)
{
    const auto line = std::uintptr_t{4} << ((CTR_EL0::read() >> 16) & 0xf);
    auto address = align_down(reinterpret_cast<std::uintptr_t>(start), line);
    const auto end = reinterpret_cast<std::uintptr_t>(start) + size;
    for (; address < end; address += line)
        asm volatile("dc civac, %0" : : "r"(address) : "memory");
    dsb_sy();
}

void invalidate_instruction_caches()
{
    asm volatile("ic ialluis\n\tdsb ish\n\tisb" : : : "memory");
}

void publish_table_writes() { asm volatile("dsb ishst\n\tisb" : : : "memory"); }

void flush_guest_translations(std::uint16_t vmid, PhysicalAddress root)
{
    // The TLB operations mean the VMID in VTTBR_EL2.
    const auto saved = VTTBR_EL2::read();
    VTTBR_EL2::write(root.value() | (std::uint64_t{vmid} << 48));
    isb();
    dsb_ish();
    asm volatile("tlbi vmalls12e1is\n\tdsb ish" : : : "memory");
    VTTBR_EL2::write(saved);
    isb();
}

unsigned physical_address_bits()
{
    constexpr std::uint8_t range_bits[] = {32, 36, 40, 42, 44, 48};
    const auto range = ID_AA64MMFR0_EL1::read() & 0xf;
    return range_bits[range < 5 ? range : 5];
}

} // namespace bulkhead::machine
