// machine/cpu.hpp and machine/time.hpp on EL2.

#include "machine/cpu.hpp"

#include "arm64/per_cpu.hpp"
#include "arm64/system_register.hpp"
#include "machine/time.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead::arm64 {
namespace {

constinit std::array<machine::PerCpu, max_cpus> per_cpu_data;
constinit std::uint32_t cpus_up = 1;

} // namespace

machine::PerCpu& per_cpu(CpuId cpu) { return per_cpu_data[cpu.value()]; }

machine::RunningVcpu& running()
{
    return *reinterpret_cast<machine::RunningVcpu*>(TPIDR_EL2::read());
}

void set_running(machine::RunningVcpu& vcpu)
{
    vcpu.cpu = running().cpu;
    TPIDR_EL2::write(reinterpret_cast<std::uint64_t>(&vcpu));
}

void start_per_cpu(CpuId cpu)
{
    auto& own = per_cpu(cpu);
    own.id = cpu;
    own.affinity = MPIDR_EL1::read() & affinity_mask;
    own.idle.cpu = &own;
    TPIDR_EL2::write(reinterpret_cast<std::uint64_t>(&own.idle));
}

void set_cpu_count(std::uint32_t count) { cpus_up = count; }

extern "C" void reconsider(machine::GuestRegisters& registers) { upcall::reconsider(registers); }

} // namespace bulkhead::arm64

namespace bulkhead::machine {

using namespace arm64;

CpuId this_cpu() { return running().cpu->id; }
std::uint32_t cpu_count() { return cpus_up; }

void wait_for_interrupt()
{
    dsb_sy();
    asm volatile("wfi" : : : "memory");
}

void wait_until_equal(const std::atomic<std::uint16_t>& variable, std::uint16_t value)
{
    if (variable.load(std::memory_order_acquire) == value) return;
    // The exclusive load arms the monitor, so that the store that changes the value is the event
    // that ends WFE (Arm ARM B2.9.6).
    std::uint32_t seen = 0;
    asm volatile("1:\n\t"
                 "ldaxrh %w0, %1\n\t"
                 "cmp %w0, %w2\n\t"
                 "b.eq 2f\n\t"
                 "wfe\n\t"
                 "b 1b\n"
                 "2:"
                 : "=&r"(seen)
                 : "Q"(variable), "r"(std::uint32_t{value})
                 : "cc", "memory");
}

void note_lock_taken(unsigned rank)
{
    auto& held = running().cpu->held_locks;
    if ((held >> rank) != 0) halt("a lock was taken against the order of ranks");
    held |= 1U << rank;
}

void note_lock_released(unsigned rank) { running().cpu->held_locks &= ~(1U << rank); }

RunningVcpu& running_vcpu() { return running(); }
void set_running_vcpu(RunningVcpu& vcpu) { set_running(vcpu); }
RunningVcpu& idle_vcpu() { return running().cpu->idle; }

Ticks now()
{
    isb();
    return Ticks{CNTPCT_EL0::read()};
}

std::uint64_t ticks_per_second() { return CNTFRQ_EL0::read(); }

void set_alarm(Ticks at)
{
    CNTHP_CVAL_EL2::write(at.value());
    CNTHP_CTL_EL2::write(at == never ? 0 : 1);
}

} // namespace bulkhead::machine
