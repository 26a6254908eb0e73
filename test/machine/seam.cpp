// The functions of hypervisor/machine/, on the test machine. The console's are in
// captured_console.cpp, the memory's in memory.cpp.

#include "machine/cpu.hpp"
#include "machine/guest_state.hpp"
#include "machine/list_register.hpp"
#include "machine/physical_interrupt.hpp"
#include "machine/power.hpp"
#include "machine/running_vcpu.hpp"
#include "machine/speculation.hpp"
#include "machine/test_machine.hpp"
#include "machine/time.hpp"
#include "machine/upcalls.hpp"

#include <bit>
#include <string>
#include <utility>

namespace bulkhead::machine {

// cpu.hpp

CpuId this_cpu() { return test::machine().current(); }
std::uint32_t cpu_count() { return test::machine().cpu_count(); }
void send_reschedule(CpuId cpu) { test::machine().cpu(cpu).kicked = true; }

namespace {

/// Another processor may act now.
void pass(const char* when_nobody_does = nullptr)
{
    auto& machine = test::machine();
    if (machine.interleave && !machine.stopping)
        machine.interleave();
    else if (when_nobody_does != nullptr)
        halt(when_nobody_does);
}

} // namespace

void wait_for_interrupt()
{
    const auto self = this_cpu();
    test::machine().cpu().waits = true;
    while (!test::machine().is_signalled(self))
        pass("waits for an interrupt that nobody will send");
    test::machine().cpu().waits = false;
}

void wait_until_equal(const std::atomic<std::uint16_t>& variable, std::uint16_t value)
{
    while (variable.load(std::memory_order_acquire) != value)
        pass("waits for a lock that nobody will release");
}

void note_lock_taken(unsigned rank)
{
    pass();
    auto& held = test::machine().cpu().held_locks;
    if (held >> rank != 0)
        throw test::Halted("lock of rank " + std::to_string(rank) +
                           " taken while holding one of rank " +
                           std::to_string(std::bit_width(held) - 1));
    held |= 1U << rank;
}

void note_lock_released(unsigned rank)
{
    test::machine().cpu().held_locks &= ~(1U << rank);
    pass();
}

void halt(const char* why, const void* /*where*/) { throw test::Halted(why); }
void stop() { throw test::Halted("stopped"); }

// time.hpp

Ticks now() { return test::machine().now; }
std::uint64_t ticks_per_second() { return 100'000'000; }
void set_alarm(Ticks at) { test::machine().cpu().alarm = at; }

// list_register.hpp

unsigned list_register_count() { return test::machine().cpu().interface.list_registers; }
ListRegister read_list_register(unsigned index)
{
    return test::machine().cpu().interface.read(index);
}
void write_list_register(unsigned index, ListRegister value)
{
    test::machine().cpu().interface.write(index, value);
}
std::uint32_t empty_list_registers() { return test::machine().cpu().interface.empty(); }
void request_maintenance(Maintenance causes) { test::machine().cpu().interface.request(causes); }
unsigned take_end_of_interrupt_count()
{
    return test::machine().cpu().interface.take_end_of_interrupt_count();
}
std::uint64_t native_list_register(ListRegister value) { return value.raw(); }
unsigned virtual_priority_bits() { return test::machine().cpu().interface.priority_bits; }

unsigned enabled_virtual_groups()
{
    const auto& enabled = test::machine().cpu().interface.group_enabled;
    return (enabled[0] ? 1U : 0U) | (enabled[1] ? 2U : 0U);
}

void save_virtual_cpu_interface(GuestState& state)
{
    const auto& interface = test::machine().cpu().interface;
    state.gic_vmcr = std::uint64_t{interface.priority_mask} << 24 |
                     (interface.eoi_mode ? 1U << 9 : 0U) | enabled_virtual_groups();
    for (unsigned priority = 0; priority < 256; ++priority) {
        const std::uint64_t mask = std::uint64_t{1} << priority % 64;
        for (const unsigned group : {0U, 1U}) {
            auto& word = group == 0 ? state.gic_active_group0[priority / 64]
                                    : state.gic_active_group1[priority / 64];
            word = interface.active_priorities()[group][priority] ? word | mask : word & ~mask;
        }
    }
}

void load_virtual_cpu_interface(const GuestState& state)
{
    auto& interface = test::machine().cpu().interface;
    interface.priority_mask = static_cast<std::uint8_t>(state.gic_vmcr >> 24);
    interface.eoi_mode = (state.gic_vmcr >> 9 & 1) != 0;
    interface.group_enabled = {(state.gic_vmcr & 1) != 0, (state.gic_vmcr & 2) != 0};
    std::array<std::bitset<256>, 2> active;
    for (unsigned priority = 0; priority < 256; ++priority) {
        active[0][priority] = (state.gic_active_group0[priority / 64] >> priority % 64 & 1) != 0;
        active[1][priority] = (state.gic_active_group1[priority / 64] >> priority % 64 & 1) != 0;
    }
    interface.set_active_priorities(active);
}

// physical_interrupt.hpp

void enable_physical(Intid intid) { test::machine().enable_physical(intid); }
void disable_physical(Intid intid) { test::machine().physical(intid).enabled = false; }
void set_physical_trigger(Intid intid, bool edge) { test::machine().physical(intid).edge = edge; }
void route_physical(Intid intid, CpuId cpu) { test::machine().physical(intid).route = cpu; }
bool is_physical_pending(Intid intid) { return test::machine().physical(intid).is_pending(); }
void clear_physical_pending(Intid intid) { test::machine().physical(intid).edge_seen = false; }
void deactivate_physical(Intid intid) { test::machine().physical(intid).active = false; }
void activate_physical(Intid intid) { test::machine().physical(intid).active = true; }

// running_vcpu.hpp

RunningVcpu& running_vcpu() { return *test::machine().cpu().running; }
void set_running_vcpu(RunningVcpu& vcpu)
{
    pass();
    test::machine().cpu().running = &vcpu;
}
RunningVcpu& idle_vcpu() { return test::machine().cpu().idle; }
void take_pending_interrupt()
{
    auto& machine = test::machine();
    if (std::exchange(machine.cpu().kicked, false)) running_vcpu().want(Attention::reschedule);
    pass();
    if (machine.cpu().interface.needs_maintenance()) return machine.maintenance_handler();
    if (machine.cpu().is_alarmed(machine.now)) {
        machine.cpu().alarm = never;
        return machine.alarm_handler();
    }
    if (const auto intid = machine.take_physical()) machine.physical_handler(*intid);
}

// guest_state.hpp

void reset(GuestState& state, std::uint64_t entry, std::uint64_t argument)
{
    const GuestIdentity identity{.affinity = state.vmpidr_el2,
                                 .vttbr = state.vttbr_el2,
                                 .counter_offset = state.cntvoff_el2,
                                 .has_pmu = false,
                                 .sve_bits = 0};
    state = {};
    set_identity(state, identity);
    // Who finds it changed is another guest.
    static std::uint64_t resets = 0;
    state.contextidr_el1 = ++resets;
    state.general.x[0] = argument;
    state.pc = entry;
    state.pstate = 0x3c5; // EL1h, all masked
}

void set_identity(GuestState& state, const GuestIdentity& identity)
{
    state.vmpidr_el2 = identity.affinity;
    state.vttbr_el2 = identity.vttbr;
    state.cntvoff_el2 = identity.counter_offset;
}

void load_guest(GuestState& state, GuestRegisters& general)
{
    auto& cpu = test::machine().cpu();
    cpu.guest = state;
    cpu.registers = &general;
    ++cpu.loads;
    general = state.general;
    load_virtual_cpu_interface(state);
}

void save_guest(GuestState& state, const GuestRegisters& general)
{
    state = std::exchange(test::machine().cpu().guest, {});
    state.general = general;
    save_virtual_cpu_interface(state);
}

Ticks timer_deadline(const GuestState& state, unsigned timer)
{
    const auto control = timer == 0 ? state.cntv_ctl_el0 : state.cntp_ctl_el0;
    return control == 1 ? Ticks{timer == 0 ? state.cntv_cval_el0 : state.cntp_cval_el0} : never;
}

void discard_guest() { test::machine().cpu().guest = {}; }
void set_wait_traps(bool on)
{
    const auto bit = std::uint64_t{1} << 13; // HCR_EL2.TWI
    auto& hcr = test::machine().cpu().guest.hcr_el2;
    hcr = on ? hcr | bit : hcr & ~bit;
}
std::uint64_t guest_pc() { return test::machine().cpu().guest.pc; }
void set_guest_pc(std::uint64_t pc) { test::machine().cpu().guest.pc = pc; }
LastExit last_exit() { return {"SMC", GuestAddress{}}; }
std::uint64_t guest_pstate() { return test::machine().cpu().guest.pstate; }

std::uint64_t guest_stack_pointer() { return test::machine().cpu().guest.sp_el1; }
void set_guest_stack_pointer(std::uint64_t value) { test::machine().cpu().guest.sp_el1 = value; }

// speculation.hpp

std::int64_t workaround(Workaround /*which*/) { return 1; }

// power.hpp

void power_off() { test::machine().powered_off = true; }

} // namespace bulkhead::machine
