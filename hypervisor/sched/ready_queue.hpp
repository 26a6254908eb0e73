#pragma once

#include "base/types.hpp"

namespace bulkhead::sched {

class ReadyQueue;

/// When a unit's turn is: lower levels first, then lower keys. Keys may wrap around: those that
/// meet are less than half of their range apart.
struct Turn {
    std::uint32_t level = 0;
    std::uint64_t key = 0;

    [[nodiscard]] bool is_before(const Turn& other) const
    {
        if (level != other.level) return level < other.level;
        return static_cast<std::int64_t>(key - other.key) < 0;
    }
};

/// What a ReadyQueue links.
struct ReadyNode {
    Turn turn;
    /// Which CPUs may take it.
    CpuMask cpus = 0;

    ReadyQueue* queue = nullptr;
    ReadyNode* parent = nullptr;
    ReadyNode* left = nullptr;
    ReadyNode* right = nullptr;
    CpuMask below = 0; // the union of `cpus` over its subtree
    int height = 0;
};

/// Nodes in the order of their turns, first come first served among equals: a balanced tree (AVL)
/// in which each node also knows which CPUs its subtree has something for. So the first that a CPU
/// may take is found in logarithmic time, whatever is in front of it for others.
class ReadyQueue {
public:
    void insert(ReadyNode& node);
    /// `node` is in this queue.
    void erase(ReadyNode& node);
    void set_cpus(ReadyNode& node, CpuMask cpus);
    /// Of those that one of `cpus` may take; null: none.
    [[nodiscard]] ReadyNode* first(CpuMask cpus) const;

private:
    void replace(const ReadyNode& old, ReadyNode* by);
    ReadyNode* raise(ReadyNode& node);
    void rebalance(ReadyNode* from);

    ReadyNode* root_ = nullptr;
};

} // namespace bulkhead::sched
