// hypervisor/machine/memory.hpp and guest_memory.hpp on the host.

#include "machine/memory.hpp"

#include "base/bits.hpp"
#include "machine/guest_memory.hpp"
#include "machine/physical_memory.hpp"
#include "machine/test_machine.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <sys/mman.h>

namespace bulkhead::test {
namespace {

std::vector<PhysicalMemory*> installed;
unsigned address_bits = 48;
unsigned publications = 0;

void protect(std::span<std::byte> bytes, int access)
{
    if (::mprotect(bytes.data(), bytes.size(), access) != 0)
        throw std::runtime_error("mprotect refused");
}

} // namespace

PhysicalMemory::PhysicalMemory(std::size_t size, std::size_t alignment)
    : mapped_(size / page_size, false)
{
    auto* const start = ::mmap(nullptr, size + alignment, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) throw std::runtime_error("no address space to play physical memory");
    reserved_ = {static_cast<std::byte*>(start), size + alignment};
    const auto number = reinterpret_cast<std::uintptr_t>(start);
    ram_ = reserved_.subspan(align_up(number, alignment) - number, size);
    installed.push_back(this);
}

PhysicalMemory::~PhysicalMemory()
{
    std::erase(installed, this);
    ::munmap(reserved_.data(), reserved_.size());
}

memory::PhysicalRange PhysicalMemory::range() const
{
    return {machine::physical_address_of(ram_.data()), ram_.size()};
}

void PhysicalMemory::fill(std::byte value)
{
    protect(ram_, PROT_READ | PROT_WRITE);
    std::ranges::fill(ram_, value);
    protect(ram_, PROT_NONE);
    mapped_.assign(mapped_.size(), false);
}

std::size_t PhysicalMemory::mapped_pages() const
{
    return static_cast<std::size_t>(std::ranges::count(mapped_, true));
}

void PhysicalMemory::for_each_page(PhysicalAddress start, std::size_t size, auto&& change)
{
    const auto first = align_down(start.value(), page_size);
    const auto end = align_up(start.value() + size, page_size);
    for (std::size_t page = 0; page < mapped_.size(); ++page) {
        const auto address = range().start + page * page_size;
        if (address.value() < first || address.value() >= end) continue;
        change(page, ram_.subspan(page * page_size, page_size));
    }
}

void PhysicalMemory::map(PhysicalAddress start, std::size_t size, bool writable)
{
    // As on EL2, what is mapped already stays as it is.
    for_each_page(start, size, [&](std::size_t page, std::span<std::byte> bytes) {
        if (!mapped_[page]) protect(bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ);
        mapped_[page] = true;
    });
}

void PhysicalMemory::unmap(PhysicalAddress start, std::size_t size)
{
    for_each_page(start, size, [&](std::size_t page, std::span<std::byte> bytes) {
        protect(bytes, PROT_NONE);
        mapped_[page] = false;
    });
}

void set_physical_address_bits(unsigned bits) { address_bits = bits; }
unsigned table_publications() { return publications; }

} // namespace bulkhead::test

namespace bulkhead::machine {

std::byte* map_physical(PhysicalAddress start, std::size_t size, MapAccess access)
{
    for (auto* ram : test::installed)
        ram->map(start, size, access != MapAccess::read_only);
    return pointer_to(start);
}

std::byte* map_pool_chunk(PhysicalAddress start, std::size_t size)
{
    return map_physical(start, size, MapAccess::read_write);
}

void unmap_physical(PhysicalAddress start, std::size_t size)
{
    for (auto* ram : test::installed)
        ram->unmap(start, size);
}

std::byte* pointer_to(PhysicalAddress address)
{
    return reinterpret_cast<std::byte*>(address.value());
}

PhysicalAddress physical_address_of(const void* pointer)
{
    return PhysicalAddress{reinterpret_cast<std::uintptr_t>(pointer)};
}

void clear_page(void* page) { std::memset(page, 0, page_size); }
void clean_data_cache(const void* /*start*/, std::size_t /*size*/) {}
void invalidate_instruction_caches() {}

void publish_table_writes() { ++test::publications; }
void flush_guest_translations(std::uint16_t /*vmid*/, PhysicalAddress /*root*/)
{
    ++test::machine().translation_flushes;
}

unsigned physical_address_bits() { return test::address_bits; }

// guest_memory.hpp

Result<GuestAddress> translate_guest(VirtualAddress address, GuestAccess access)
{
    return test::machine().guest_translation(address, access);
}

std::byte* open_window(Window window, PhysicalAddress page)
{
    auto& shown = test::machine().cpu().in_window.at(static_cast<unsigned>(window));
    if (shown) unmap_physical(*shown, page_size);
    shown = page;
    return map_physical(page, page_size, MapAccess::read_write);
}

} // namespace bulkhead::machine
