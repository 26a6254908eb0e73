#pragma once

#include <array>
#include <cstdint>
#include <memory>

/// The way back from whatever an act does to its CPU.
namespace bulkhead::guest::rogue {

/// Before the first attempt, with the state that rescues put back: this translation table.
void prepare_rescue(std::uint64_t ttbr0);

/// Runs function(argument). Any exception and any interrupt ends it as if it had returned, with the
/// CPU's registers as they were; so does its return. Only what breaks the vectors' code or their
/// mapping stays broken: then the CPU is lost until the watchdog ends this life.
void attempt(void (*function)(void*), void* argument);

template <class Callable>
void attempt(Callable callable)
{
    attempt([](void* c) { (*static_cast<Callable*>(c))(); }, std::addressof(callable));
}

/// x0 to x30 but x18 upon the jump, which is where x18 is.
using Registers = std::array<std::uint64_t, 31>;
/// From here only a rescue leads back.
[[noreturn]] void jump(const Registers& registers, std::uint64_t to);
/// The same to EL0, with PSTATE as given.
[[noreturn]] void drop(const Registers& registers, std::uint64_t to, std::uint64_t pstate);

} // namespace bulkhead::guest::rogue
