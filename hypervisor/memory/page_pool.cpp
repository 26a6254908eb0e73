#include "memory/page_pool.hpp"

#include "base/bits.hpp"
#include "machine/memory.hpp"

#include <algorithm>

namespace bulkhead::memory {
namespace {

using namespace literals;
constexpr std::uint64_t chunk = 2_MiB;

} // namespace

PagePool& page_pool()
{
    static constinit PagePool pool;
    return pool;
}

void PagePool::use(PhysicalRanges& ram)
{
    const Guard guard{lock_};
    ram_ = &ram;
}

Result<std::byte*> PagePool::allocate(std::size_t size, std::size_t alignment)
{
    auto aligned = [&] {
        return reinterpret_cast<std::byte*>(
            align_up(reinterpret_cast<std::uintptr_t>(next_), alignment));
    };
    if (next_ == nullptr || aligned() + size > end_) {
        if (ram_ == nullptr) return failure(Error::out_of_memory);
        const auto bytes = align_up(std::uint64_t{size}, chunk);
        const auto start = ram_->take(bytes, std::max<std::uint64_t>(chunk, alignment));
        if (!start) return failure(Error::out_of_memory);
        auto* fresh = machine::map_pool_chunk(*start, bytes);
        // The rest of the old chunk is lost unless the new one follows it.
        if (fresh != end_) next_ = fresh;
        end_ = fresh + bytes;
        size_ += bytes;
    }
    auto* result = aligned();
    next_ = result + size;
    return result;
}

Result<std::byte*> PagePool::allocate_pages(std::size_t count, std::size_t alignment)
{
    const Guard guard{lock_};
    auto pages = allocate(count * page_size, std::max(alignment, page_size));
    if (pages)
        for (std::size_t i = 0; i < count; ++i)
            machine::clear_page(*pages + i * page_size);
    return pages;
}

Result<std::byte*> PagePool::allocate_bytes(std::size_t size, std::size_t alignment)
{
    const Guard guard{lock_};
    auto bytes = allocate(size, alignment);
    if (bytes) std::fill_n(*bytes, size, std::byte{0});
    return bytes;
}

} // namespace bulkhead::memory
