#include "sched/ready_queue.hpp"

#include <algorithm>

namespace bulkhead::sched {
namespace {

int height(const ReadyNode* node) { return node == nullptr ? 0 : node->height; }
CpuMask below(const ReadyNode* node) { return node == nullptr ? 0 : node->below; }
int lean(const ReadyNode& node) { return height(node.left) - height(node.right); }

void update(ReadyNode& node)
{
    node.height = std::max(height(node.left), height(node.right)) + 1;
    node.below = node.cpus | below(node.left) | below(node.right);
}

} // namespace

/// What points to `old` points to `by` instead.
void ReadyQueue::replace(const ReadyNode& old, ReadyNode* by)
{
    auto*& link = old.parent == nullptr      ? root_
                  : old.parent->left == &old ? old.parent->left
                                             : old.parent->right;
    link = by;
    if (by != nullptr) by->parent = old.parent;
}

/// `node` takes its parent's place, which becomes its child.
ReadyNode* ReadyQueue::raise(ReadyNode& node)
{
    auto& old = *node.parent;
    const bool was_left = old.left == &node;
    replace(old, &node);
    auto*& moves = was_left ? node.right : node.left;
    (was_left ? old.left : old.right) = moves;
    if (moves != nullptr) moves->parent = &old;
    moves = &old;
    old.parent = &node;
    update(old);
    update(node);
    return &node;
}

/// What is below `from` has changed: sees to it, and to what is above as far as that changes.
void ReadyQueue::rebalance(ReadyNode* from)
{
    for (auto* node = from; node != nullptr; node = node->parent) {
        const auto height = node->height;
        const auto below = node->below;
        update(*node);
        if (const auto side = lean(*node); side > 1) {
            if (lean(*node->left) < 0) raise(*node->left->right);
            node = raise(*node->left);
        } else if (side < -1) {
            if (lean(*node->right) > 0) raise(*node->right->left);
            node = raise(*node->right);
        }
        if (node->height == height && node->below == below) return;
    }
}

void ReadyQueue::insert(ReadyNode& node)
{
    node.queue = this;
    node.parent = node.left = node.right = nullptr;
    node.height = 0;
    auto** link = &root_;
    while (*link != nullptr) {
        node.parent = *link;
        link = node.turn.is_before((*link)->turn) ? &(*link)->left : &(*link)->right;
    }
    *link = &node;
    rebalance(&node);
}

void ReadyQueue::erase(ReadyNode& node)
{
    auto* from = node.parent;
    ReadyNode* next = nullptr;
    if (node.left == nullptr || node.right == nullptr) {
        replace(node, node.left == nullptr ? node.right : node.left);
    } else {
        next = node.right;
        while (next->left != nullptr)
            next = next->left;
        from = next->parent == &node ? next : next->parent;
        replace(*next, next->right);
        for (auto side : {&ReadyNode::left, &ReadyNode::right}) {
            next->*side = node.*side;
            if (next->*side != nullptr) (next->*side)->parent = next;
        }
        replace(node, next);
        next->height = node.height;
        next->below = node.below;
    }
    node.queue = nullptr;
    rebalance(from);
    rebalance(next);
}

void ReadyQueue::set_cpus(ReadyNode& node, CpuMask cpus)
{
    node.cpus = cpus;
    rebalance(&node);
}

ReadyNode* ReadyQueue::first(CpuMask cpus) const
{
    auto* node = root_;
    if ((below(node) & cpus) == 0) return nullptr;
    for (;;) {
        if ((below(node->left) & cpus) != 0)
            node = node->left;
        else if ((node->cpus & cpus) != 0)
            return node;
        else
            node = node->right;
    }
}

} // namespace bulkhead::sched
