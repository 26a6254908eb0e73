#include "simulation/fiber.hpp"

#include <bit>
#include <cstdint>
#include <sanitizer/common_interface_defs.h>
#include <stdexcept>
#include <utility>

namespace bulkhead::simulation {
namespace {

constexpr std::size_t stack_size = std::size_t{256} << 10;

/// Stacks are big, and there is a set of them for every seed.
std::vector<std::vector<std::byte>> spare_stacks;

std::vector<std::byte> take_stack()
{
    if (spare_stacks.empty()) return std::vector<std::byte>(stack_size);
    auto stack = std::move(spare_stacks.back());
    spare_stacks.pop_back();
    return stack;
}

/// What swapcontext() does, which ASan warns of whoever tells it of the switch.
void switch_context(ucontext_t& from, const ucontext_t& to)
{
    volatile bool is_back = false;
    ::getcontext(&from);
    if (is_back) return;
    is_back = true;
    ::setcontext(&to);
}

} // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)), stack_(take_stack())
{
    if (::getcontext(&own_) != 0) throw std::runtime_error("getcontext refused");
    own_.uc_stack.ss_sp = stack_.data();
    own_.uc_stack.ss_size = stack_.size();
    own_.uc_link = nullptr;
    // makecontext() passes on nothing but int.
    const auto address = std::bit_cast<std::uintptr_t>(this);
    ::makecontext(&own_, std::bit_cast<void (*)()>(&Fiber::enter), 2,
                  static_cast<unsigned>(address >> 32), static_cast<unsigned>(address));
}

Fiber::~Fiber() { spare_stacks.push_back(std::move(stack_)); }

void Fiber::enter(unsigned high, unsigned low)
{
    std::bit_cast<Fiber*>(std::uintptr_t{high} << 32 | low)->run();
}

void Fiber::run()
{
    __sanitizer_finish_switch_fiber(nullptr, &resumer_stack_, &resumer_stack_size_);
    body_();
    ended_ = true;
    // Without a place for it, what ASan keeps beside the stack is freed.
    __sanitizer_start_switch_fiber(nullptr, resumer_stack_, resumer_stack_size_);
    ::setcontext(&resumer_);
}

void Fiber::resume()
{
    void* beside = nullptr;
    __sanitizer_start_switch_fiber(&beside, stack_.data(), stack_.size());
    switch_context(resumer_, own_);
    __sanitizer_finish_switch_fiber(beside, nullptr, nullptr);
}

void Fiber::suspend()
{
    void* beside = nullptr;
    __sanitizer_start_switch_fiber(&beside, resumer_stack_, resumer_stack_size_);
    switch_context(own_, resumer_);
    __sanitizer_finish_switch_fiber(beside, &resumer_stack_, &resumer_stack_size_);
}

} // namespace bulkhead::simulation
