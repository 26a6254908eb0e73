#pragma once

#include <cstddef>
#include <functional>
#include <ucontext.h>
#include <vector>

namespace bulkhead::simulation {

/// A thread of execution with a stack of its own that runs only while somebody resumes it: a
/// processor of the simulation. The sanitizers are told of every switch.
class Fiber {
public:
    explicit Fiber(std::function<void()> body);
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// Runs it until it suspends itself, or ends. `body` lets no exception out.
    void resume();
    /// From inside `body`.
    void suspend();
    [[nodiscard]] bool has_ended() const { return ended_; }

private:
    static void enter(unsigned high, unsigned low);
    void run();

    std::function<void()> body_;
    std::vector<std::byte> stack_;
    ucontext_t own_{};
    ucontext_t resumer_{};
    const void* resumer_stack_ = nullptr;
    std::size_t resumer_stack_size_ = 0;
    bool ended_ = false;
};

} // namespace bulkhead::simulation
