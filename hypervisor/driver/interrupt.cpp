// What EL2 does with a physical interrupt. The two functions that the vectors call are the hot
// path: doc/architecture.md tells its budget.

#include "driver/interrupt.hpp"

#include "arm64/per_cpu.hpp"
#include "base/read_only_after_boot.hpp"
#include "driver/gic.hpp"
#include "machine/cpu.hpp"
#include "machine/short_way.hpp"
#include "machine/time.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead::driver {
namespace {

using machine::RunningVcpu;

READ_ONLY_AFTER_BOOT constinit struct {
    Intid maintenance;
    Intid alarm;
    Intid console;
    void (*console_handler)() = nullptr;
} own;

constexpr std::uint32_t first_special = 1020; // 1020-1023: nothing to acknowledge

/// The two controllers with one face: an acknowledged interrupt is what their register said.
struct V3 {
    using Acknowledged = Intid;
    [[gnu::always_inline]] static Acknowledged acknowledge() { return Gicv3::acknowledge(); }
    [[gnu::always_inline]] static Intid intid(Acknowledged value) { return value; }
    [[gnu::always_inline]] static void drop_priority(Acknowledged value)
    {
        Gicv3::drop_priority(value);
    }
    static void deactivate(Acknowledged value) { Gicv3::deactivate(value); }
    template <unsigned Index>
    [[gnu::always_inline]] static void write_list_register(std::uint64_t value)
    {
        Gicv3::write_list_register<Index>(value);
    }
};

struct V2 {
    using Acknowledged = std::uint32_t;
    [[gnu::always_inline]] static Acknowledged acknowledge() { return gic().v2().acknowledge(); }
    /// GICC_IAR has the sending CPU of an SGI above the INTID (IHI 0048, 4.4.4).
    [[gnu::always_inline]] static Intid intid(Acknowledged value) { return Intid{value & 0x3ff}; }
    [[gnu::always_inline]] static void drop_priority(Acknowledged value)
    {
        gic().v2().drop_priority(value);
    }
    static void deactivate(Acknowledged value) { gic().v2().deactivate(value); }
    template <unsigned Index>
    [[gnu::always_inline]] static void write_list_register(std::uint64_t value)
    {
        gic().v2().write_list_register(Index, static_cast<std::uint32_t>(value));
    }
};

/// Anything but a guest's timer on the short way.
template <typename Controller>
[[gnu::noinline]] void handle(RunningVcpu& vcpu, typename Controller::Acknowledged acknowledged)
{
    const auto intid = Controller::intid(acknowledged);
    const bool taken = machine::take_device_interrupt(vcpu, intid);
    if (!taken && intid.value() >= first_special) return;
    Controller::drop_priority(acknowledged);
    if (taken) return;
    if (intid == reschedule_sgi) {
        // The acknowledgement is a load from a device on GICv2: what the sender wrote before the
        // SGI is to be seen after it.
        asm volatile("dmb ishld" : : : "memory");
        upcall::look_up(vcpu);
        Controller::deactivate(acknowledged);
        if (vcpu.attention.load(std::memory_order_relaxed) ==
            static_cast<std::uint32_t>(machine::Attention::interrupts))
            upcall::interrupts_changed(vcpu);
    } else if (intid == own.maintenance) {
        if (vcpu.has_guest) upcall::maintenance_interrupt(vcpu);
        Controller::deactivate(acknowledged);
    } else if (intid == own.alarm) {
        machine::set_alarm(machine::never);
        upcall::alarm();
        Controller::deactivate(acknowledged);
    } else if (own.console_handler != nullptr && intid == own.console) {
        own.console_handler();
        Controller::deactivate(acknowledged);
    } else {
        // Stays active until the guest ends it.
        upcall::guest_interrupt(vcpu, intid);
    }
}

/// A timer of the vCPU that is on the CPU: its interrupt goes to a list register, unless the vGIC
/// must decide.
template <typename Controller>
[[gnu::always_inline]] inline bool take_timer(RunningVcpu& vcpu,
                                              typename Controller::Acknowledged acknowledged)
{
    const auto intid = Controller::intid(acknowledged);
    if (intid == vcpu.timer_interrupt[0] && vcpu.timer_list_register[0] != 0) [[likely]] {
        Controller::template write_list_register<0>(vcpu.timer_list_register[0]);
        Controller::drop_priority(acknowledged);
        return true;
    }
    if (intid == vcpu.timer_interrupt[1] && vcpu.timer_list_register[1] != 0) {
        Controller::template write_list_register<1>(vcpu.timer_list_register[1]);
        Controller::drop_priority(acknowledged);
        return true;
    }
    return false;
}

template <typename Controller>
[[gnu::always_inline]] inline bool interrupt_from_guest(RunningVcpu& vcpu)
{
    const auto acknowledged = Controller::acknowledge();
    if (!take_timer<Controller>(vcpu, acknowledged)) handle<Controller>(vcpu, acknowledged);
    return vcpu.attention.load(std::memory_order_relaxed) != 0;
}

template <typename Controller>
void take_one()
{
    auto& vcpu = arm64::running();
    const auto acknowledged = Controller::acknowledge();
    if (take_timer<Controller>(vcpu, acknowledged))
        vcpu.want(machine::Attention::wake);
    else
        handle<Controller>(vcpu, acknowledged);
}

} // namespace

void set_maintenance_interrupt(Intid intid) { own.maintenance = intid; }
void set_alarm_interrupt(Intid intid) { own.alarm = intid; }

void set_console_interrupt(Intid intid, void (*handler)())
{
    own.console = intid;
    own.console_handler = handler;
}

extern "C" {

[[gnu::section(".text.hot")]] bool interrupt_from_guest_v3(RunningVcpu& vcpu)
{
    return interrupt_from_guest<V3>(vcpu);
}

[[gnu::section(".text.hot")]] bool interrupt_from_guest_v2(RunningVcpu& vcpu)
{
    return interrupt_from_guest<V2>(vcpu);
}

/// For vectors_hardened.
bool interrupt_from_guest(RunningVcpu& vcpu)
{
    return gic().is_v3() ? interrupt_from_guest_v3(vcpu) : interrupt_from_guest_v2(vcpu);
}
}

} // namespace bulkhead::driver

void bulkhead::machine::take_pending_interrupt()
{
    using namespace driver;
    gic().is_v3() ? take_one<V3>() : take_one<V2>();
}
