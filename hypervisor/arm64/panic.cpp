// The end: an exception in EL2, or machine::halt. Says where and on which CPU, with EL2's registers
// and the guest's. The other CPUs stop.

#include "arm64/esr.hpp"
#include "arm64/per_cpu.hpp"
#include "arm64/system_register.hpp"
#include "base/host_console.hpp"
#include "base/log.hpp"
#include "machine/cpu.hpp"
#include "machine/guest_registers.hpp"
#include "machine/guest_state.hpp"
#include "machine/time.hpp"
#include "machine/upcalls.hpp"

#include <atomic>

namespace bulkhead::arm64 {
namespace {

constexpr std::string_view exception_names[] = {"synchronous exception", "IRQ", "FIQ", "SError"};

/// Without the log's lock: whoever holds it may be the one that failed.
template <typename... Arguments>
void say(const char* format, const Arguments&... arguments)
{
    std::array<char, 200> line{};
    const log::Argument list[] = {log::Argument{arguments}..., log::Argument{0}};
    host_console.write_in_panic(
        {"(XEN) ", log::format_into(line, format, {list, sizeof...(arguments)}), "\n"});
}

/// Before a CPU has its number, it is the boot CPU that fails.
CpuId this_cpu_number() { return TPIDR_EL2::read() == 0 ? CpuId{0} : machine::this_cpu(); }

void say_guest()
{
    if (TPIDR_EL2::read() == 0) return;
    auto& vcpu = running();
    if (!vcpu.has_guest) return say("guest: none on this CPU");
    say("guest: {}, pc {x}, pstate {x}", upcall::describe(vcpu), machine::guest_pc(),
        machine::guest_pstate());
}

constinit std::atomic<std::uint32_t> stopped_cpus{0};

/// Before the text, so that no guest writes into it. A CPU that waits for a lock of this one's
/// stays in EL2 for good: nobody waits longer for it than 100 ms.
void stop_others()
{
    const auto count = machine::cpu_count();
    for (std::uint32_t cpu = 0; cpu < count; ++cpu)
        if (CpuId{cpu} != this_cpu_number()) machine::send_stop(CpuId{cpu});
    const auto patience = machine::now() + machine::ticks_per_second() / 10;
    while (stopped_cpus + 1 < count && machine::now() < patience) {
    }
}

[[noreturn]] void end()
{
    say("stopped; ./bulkhead symbols names the addresses");
    machine::stop();
}

} // namespace

extern "C" [[noreturn]] void exception_in_el2(std::uint64_t vector,
                                              const machine::GuestRegisters& registers,
                                              std::uint64_t stack_pointer)
{
    stop_others();
    say("panic: {} in EL2 on CPU {}: esr {x}, far {x}", exception_names[vector / 128 % 4],
        this_cpu_number(), ESR_EL2::read(), FAR_EL2::read());
    say("pc {x}  sp {x}  lr {x}  pstate {x}", ELR_EL2::read(), stack_pointer, registers.x[30],
        SPSR_EL2::read());
    for (unsigned i = 0; i < 30; i += 3)
        say("x{} {x}  x{} {x}  x{} {x}", i, registers.x[i], i + 1, registers.x[i + 1], i + 2,
            registers.x[i + 2]);
    say_guest();
    end();
}

} // namespace bulkhead::arm64

namespace bulkhead::machine {

[[noreturn]] void stop()
{
    ++arm64::stopped_cpus;
    for (;;)
        asm volatile("wfi");
}

[[noreturn]] void halt(const char* why, const void* where)
{
    using namespace arm64;
    stop_others();
    say("panic: {} on CPU {}, called from pc {x}", why, this_cpu_number(),
        reinterpret_cast<std::uint64_t>(where));
    say_guest();
    end();
}

} // namespace bulkhead::machine
