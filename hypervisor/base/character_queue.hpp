#pragma once

#include <array>
#include <cstddef>
#include <optional>

namespace bulkhead {

/// Characters in the order in which they came, up to a fixed number.
template <std::size_t capacity>
class CharacterQueue {
public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] bool full() const { return size_ == capacity; }

    /// False, and the character is not taken, if it is full.
    [[nodiscard]] bool push(char character)
    {
        if (full()) return false;
        characters_[(first_ + size_++) % capacity] = character;
        return true;
    }

    /// What pop() would return; only if it is not empty.
    [[nodiscard]] char front() const { return characters_[first_]; }

    std::optional<char> pop()
    {
        if (empty()) return std::nullopt;
        const char character = front();
        first_ = (first_ + 1) % capacity;
        --size_;
        return character;
    }

    void clear() { first_ = size_ = 0; }

private:
    std::array<char, capacity> characters_ = {};
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

} // namespace bulkhead
