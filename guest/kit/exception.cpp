#include "kit/exception.hpp"

#include "kit/cpu.hpp"
#include "kit/print.hpp"
#include "kit/stop.hpp"

#include <array>

namespace bulkhead::guest {
namespace {

/// Where guarded code goes back to: x19-x30, SP, DAIF (vectors.S).
struct RecoveryPoint {
    std::uint64_t registers[14];
    RecoveryPoint* outer;
    Fault fault;
};

InterruptHandler interrupt_handler = nullptr;
std::array<RecoveryPoint*, Cpu::limit> recovery{};

extern "C" bool guest_call_guarded(void (*function)(void*), void* argument, RecoveryPoint*);
extern "C" void guest_recover();

[[noreturn]] void report_and_stop(const ExceptionFrame& frame, ExceptionKind kind)
{
    constexpr std::array<const char*, 5> names{"exception", "IRQ", "FIQ", "SError",
                                               "EL0 exception"};
    console::seize();
    print("guest: unexpected ", names[static_cast<std::size_t>(kind)], " on CPU ", Cpu::current(),
          ": ESR ", hex(frame.esr), " FAR ", hex(frame.far), " ELR ", hex(frame.elr), " (image at ",
          hex(image_base()), ")\n");
    for (std::size_t n = 0; n < std::size(frame.x); ++n)
        print("guest: x", n, n < 10 ? "  " : " ", hex(frame.x[n], 16), n % 4 == 3 ? "\n" : "  ");
    print("\n");
    stop("unexpected exception");
}

} // namespace

void set_interrupt_handler(InterruptHandler handler) { interrupt_handler = handler; }

std::optional<Fault> guarded(void (*function)(void*), void* argument)
{
    auto& innermost = recovery[Cpu::current()];
    RecoveryPoint point;
    point.outer = innermost;
    innermost = &point;
    const bool faulted = guest_call_guarded(function, argument, &point);
    innermost = point.outer;
    if (faulted) return point.fault;
    return std::nullopt;
}

extern "C" void guest_exception(ExceptionFrame& frame, ExceptionKind kind)
{
    if (kind == ExceptionKind::irq || kind == ExceptionKind::fiq) {
        if (interrupt_handler == nullptr) report_and_stop(frame, kind);
        interrupt_handler();
        return;
    }
    RecoveryPoint* const point = recovery[Cpu::current()];
    if (point == nullptr) report_and_stop(frame, kind);
    point->fault = {.kind = kind, .esr = frame.esr, .far = frame.far, .elr = frame.elr};
    frame.x[0] = reinterpret_cast<std::uint64_t>(point);
    frame.elr = reinterpret_cast<std::uint64_t>(&guest_recover);
    constexpr std::uint64_t debug_masked = 1U << 9U; // or a software step would go on stepping
    frame.spsr |= debug_masked;
}

} // namespace bulkhead::guest
