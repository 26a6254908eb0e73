#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace bulkhead::guest {

/// What vectors.S saves of the interrupted code.
struct ExceptionFrame {
    std::uint64_t x[31];
    std::uint64_t elr;
    std::uint64_t spsr;
    std::uint64_t esr;
    std::uint64_t far;
};
static_assert(offsetof(ExceptionFrame, elr) == 248 && offsetof(ExceptionFrame, far) == 272);

enum class ExceptionKind : std::uint32_t { synchronous = 0, irq = 1, fiq = 2, serror = 3, el0 = 4 };

/// An exception that guarded code ran into.
struct Fault {
    ExceptionKind kind;
    std::uint64_t esr;
    std::uint64_t far;
    std::uint64_t elr;
};

/// Called for each IRQ and FIQ, with both masked. Without a handler an interrupt is a failure.
using InterruptHandler = void (*)();
void set_interrupt_handler(InterruptHandler handler);

/// Run function(argument); a synchronous exception or SError in it ends it and is returned.
/// The exception mask is put back. May be nested.
std::optional<Fault> guarded(void (*function)(void*), void* argument);

template <class Callable>
std::optional<Fault> guarded(Callable callable)
{
    return guarded([](void* c) { (*static_cast<Callable*>(c))(); }, &callable);
}

/// IRQs are masked while one of these lives.
class InterruptsMasked {
public:
    InterruptsMasked() { asm volatile("mrs %0, daif\n msr daifset, #3" : "=r"(saved_)::"memory"); }
    ~InterruptsMasked() { asm volatile("msr daif, %0" ::"r"(saved_) : "memory"); }
    InterruptsMasked(const InterruptsMasked&) = delete;
    InterruptsMasked& operator=(const InterruptsMasked&) = delete;

private:
    std::uint64_t saved_;
};

inline void unmask_interrupts() { asm volatile("msr daifclr, #3" ::: "memory"); }
inline void mask_interrupts() { asm volatile("msr daifset, #3" ::: "memory"); }

} // namespace bulkhead::guest
