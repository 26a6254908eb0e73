#pragma once

#include "base/types.hpp"
#include "machine/list_register.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bulkhead::machine {

struct PerCpu;

/// Why a CPU must not simply return to its guest, or must leave it (bits of
/// RunningVcpu::attention).
enum class Attention : std::uint32_t {
    reschedule = 1, // the scheduler wants to pick again
    interrupts = 2, // the vGIC changed: fold and refill the list registers
    wake = 4,       // a timer's interrupt came while it waited: it waits no more
};

/// What the interrupt path touches of a vCPU, for its timers in one cache line; TPIDR_EL2 points at
/// the running one. An idle CPU runs one of these too, with no guest behind it.
struct alignas(cache_line) RunningVcpu {
    std::atomic<std::uint32_t> attention = 0;
    /// Is there a guest's state behind this: false for the idle one.
    bool has_guest = false;
    /// List registers 0 and 1 as the timers' interrupts become pending in them, in native form
    /// (machine::native_list_register). 0: the guest disabled the interrupt, or the list register
    /// is taken, and the vGIC must decide. [0] is the virtual timer, [1] the physical one.
    std::array<std::uint64_t, 2> timer_list_register = {};
    /// The host's PPIs of these two timers.
    std::array<Intid, 2> timer_interrupt = {};
    PerCpu* cpu = nullptr;

    /// List registers that the interrupt path may fill by itself if the hardware says that they are
    /// empty, and what it puts there when a device's interrupt arrives: that of physical interrupt
    /// n is at n % devices, if that is its `pintid`; else the vGIC must decide. Both are the vGIC's
    /// to change, on the CPU that runs the vCPU.
    static constexpr unsigned devices = 8;
    std::uint32_t open_list_registers = 0;
    std::array<ListRegister, devices> device_list_register = {};

    /// Any CPU. The one that runs this vCPU sees it before it next enters the guest. Who then looks
    /// where it runs is either seen or sees that.
    void want(Attention why) { attention.fetch_or(static_cast<std::uint32_t>(why)); }
    [[nodiscard]] bool wants(Attention why) const
    {
        return (attention.load(std::memory_order_relaxed) & static_cast<std::uint32_t>(why)) != 0;
    }
};
static_assert(offsetof(RunningVcpu, open_list_registers) < cache_line);

/// What the calling CPU runs now; its idle one until it was given another.
[[nodiscard]] RunningVcpu& running_vcpu();
void set_running_vcpu(RunningVcpu& vcpu);
[[nodiscard]] RunningVcpu& idle_vcpu();

/// Handles one interrupt that the calling CPU has pending, if any, on behalf of running_vcpu(). One
/// that the guest does not want may be pending again at once, until its vCPU's attention was looked
/// at.
void take_pending_interrupt();

} // namespace bulkhead::machine
