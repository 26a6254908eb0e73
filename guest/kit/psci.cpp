#include "kit/psci.hpp"

#include "kit/barrier.hpp"

namespace bulkhead::guest::psci {
namespace {

constinit Conduit used = Conduit::hvc;

[[noreturn]] void call_without_return(Function function)
{
    call(function);
    for (;;)
        wait_for_interrupt();
}

} // namespace

void use(Conduit conduit) { used = conduit; }
Conduit conduit() { return used; }

std::int32_t call(Function function, std::uint64_t a1, std::uint64_t a2, std::uint64_t a3)
{
    return static_cast<std::int32_t>(
        smccc_call(used, static_cast<std::uint32_t>(function), a1, a2, a3).x0);
}

void system_off() { call_without_return(Function::SYSTEM_OFF); }
void system_reset() { call_without_return(Function::SYSTEM_RESET); }
void cpu_off() { call_without_return(Function::CPU_OFF); }

} // namespace bulkhead::guest::psci
