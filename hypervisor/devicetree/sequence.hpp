#pragma once

#include <iterator>

namespace bulkhead::devicetree {

/// What follows one another in a tree, as a range: `next` is libfdt's step from one offset to the
/// next, negative at the end.
template <typename Value, int (*next)(const void*, int)>
class Sequence {
public:
    class Iterator {
    public:
        Iterator(const void* blob, int offset) : blob_(blob), offset_(offset) {}
        Value operator*() const { return Value::at(blob_, offset_); }
        Iterator& operator++()
        {
            offset_ = next(blob_, offset_);
            return *this;
        }
        bool operator==(std::default_sentinel_t /*end*/) const { return offset_ < 0; }

    private:
        const void* blob_;
        int offset_;
    };

    Sequence(const void* blob, int first) : begin_(blob, first) {}
    [[nodiscard]] Iterator begin() const { return begin_; }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

private:
    Iterator begin_;
};

} // namespace bulkhead::devicetree
