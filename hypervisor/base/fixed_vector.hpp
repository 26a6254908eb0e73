#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace bulkhead {

/// A vector with room for `Capacity` elements and no more, held in place. An index past the end
/// stops the machine instead of reading a neighbour.
template <typename T, std::size_t Capacity>
class FixedVector {
public:
    static constexpr std::size_t capacity = Capacity;

    /// no_space when it is full.
    Result<void> push(const T& value)
    {
        if (count_ == Capacity) return failure(Error::no_space);
        items_[count_++] = value;
        return {};
    }
    /// Forgets the last element, if there is one.
    void pop() { count_ -= count_ == 0 ? 0 : 1; }

    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] bool empty() const { return count_ == 0; }

    T& operator[](std::size_t index) { return items_[checked(index)]; }
    const T& operator[](std::size_t index) const { return items_[checked(index)]; }
    T& back() { return (*this)[count_ - 1]; }

    T* begin() { return items_.data(); }
    T* end() { return items_.data() + count_; }
    const T* begin() const { return items_.data(); }
    const T* end() const { return items_.data() + count_; }
    operator std::span<const T>() const { return {items_.data(), count_}; }

private:
    [[nodiscard]] std::size_t checked(std::size_t index) const
    {
        if (index >= count_) __builtin_trap();
        return index;
    }

    std::array<T, Capacity> items_{};
    std::size_t count_ = 0;
};

} // namespace bulkhead
