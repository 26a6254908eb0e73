#pragma once

#include "base/types.hpp"
#include "memory/physical_ranges.hpp"

#include <cstddef>
#include <span>
#include <vector>

/// Physical memory on the host: a physical address is the same number as the test's own address, so
/// anything of the test's can play a device or a boot module.
namespace bulkhead::test {

/// A piece of RAM that is as inaccessible to the code under test as RAM is to EL2, until that maps
/// it: touching it before, or after it was unmapped, ends the test.
class PhysicalMemory {
public:
    /// `size` is a multiple of page_size, `alignment` a power of two. Nothing is in use until it is
    /// touched, so it may be large.
    explicit PhysicalMemory(std::size_t size, std::size_t alignment = std::size_t{2} << 20);
    ~PhysicalMemory();
    PhysicalMemory(const PhysicalMemory&) = delete;
    PhysicalMemory& operator=(const PhysicalMemory&) = delete;

    [[nodiscard]] memory::PhysicalRange range() const;
    /// What the machine before left in it.
    void fill(std::byte value);
    /// Pages that the code under test has mapped.
    [[nodiscard]] std::size_t mapped_pages() const;

    // What the seam does with the part of [start, start + size) that is in here.
    void map(PhysicalAddress start, std::size_t size, bool writable);
    void unmap(PhysicalAddress start, std::size_t size);

private:
    void for_each_page(PhysicalAddress start, std::size_t size, auto&& change);

    std::span<std::byte> reserved_; // with what it takes to align
    std::span<std::byte> ram_;
    std::vector<bool> mapped_;
};

/// What machine::physical_address_bits says from now on; 48 before.
void set_physical_address_bits(unsigned bits);

/// How often the code under test said that its writes to translation tables are to be seen.
unsigned table_publications();

} // namespace bulkhead::test
