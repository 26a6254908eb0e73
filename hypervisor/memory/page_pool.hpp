#pragma once

#include "base/lock.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "memory/physical_ranges.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace bulkhead::memory {

/// The hypervisor's own memory: zeroed pages for tables and for objects that live as long as the
/// machine. Grows 2 MiB at a time out of the RAM it was given; only these chunks are mapped.
class PagePool {
public:
    /// Free RAM to grow from. Boot only; the caller goes on using it for guests.
    void use(PhysicalRanges& ram) EXCLUDES(lock_);

    /// `count` zeroed pages in a row, aligned to `alignment` bytes.
    Result<std::byte*> allocate_pages(std::size_t count, std::size_t alignment = page_size)
        EXCLUDES(lock_);

    /// Zeroed bytes that are never given back.
    Result<std::byte*> allocate_bytes(std::size_t size, std::size_t alignment) EXCLUDES(lock_);

    template <typename T, typename... Arguments>
    Result<T*> create(Arguments&&... arguments)
    {
        auto bytes = allocate_bytes(sizeof(T), alignof(T));
        if (!bytes) return failure(bytes.error());
        return new (*bytes) T(std::forward<Arguments>(arguments)...);
    }

    template <typename T>
    Result<std::span<T>> create_array(std::size_t count)
    {
        auto bytes = allocate_bytes(sizeof(T) * count, alignof(T));
        if (!bytes) return failure(bytes.error());
        auto* first = reinterpret_cast<T*>(*bytes);
        std::uninitialized_value_construct_n(first, count);
        return std::span<T>{first, count};
    }

    /// Bytes taken from RAM so far, and those of them handed out.
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t used() const
    {
        return size_ - static_cast<std::size_t>(end_ - next_);
    }

private:
    Result<std::byte*> allocate(std::size_t size, std::size_t alignment) REQUIRES(lock_);

    Lock<Rank::page_pool> lock_;
    PhysicalRanges* ram_ GUARDED_BY(lock_) = nullptr;
    std::byte* next_ = nullptr;
    std::byte* end_ = nullptr;
    std::size_t size_ = 0;
};

/// The one pool.
PagePool& page_pool();

} // namespace bulkhead::memory
