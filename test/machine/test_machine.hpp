#pragma once

#include "base/types.hpp"
#include "machine/guest_memory.hpp"
#include "machine/guest_state.hpp"
#include "machine/running_vcpu.hpp"
#include "machine/virtual_cpu_interface.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>

/// The seam on the host: processors that do nothing by themselves. A test says which of them
/// executes, and plays the guest, the devices and the interrupt path.
namespace bulkhead::test {

/// machine::halt() throws this.
struct Halted : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One interrupt of the physical GIC.
struct PhysicalInterrupt {
    bool enabled = false;
    bool edge = false;
    bool line = false;
    bool edge_seen = false;
    bool active = false;
    /// SPIs: to nobody until it is said.
    CpuId route{~std::uint32_t{0}};

    [[nodiscard]] bool is_pending() const { return edge ? edge_seen : line; }
    [[nodiscard]] bool is_signalled() const { return enabled && is_pending() && !active; }
};

struct Processor {
    VirtualCpuInterface interface;
    std::array<PhysicalInterrupt, 32> private_interrupts;
    machine::RunningVcpu idle;
    machine::RunningVcpu* running = nullptr;
    /// Somebody asked it to look at its attention.
    bool kicked = false;
    /// When it asked for upcall::alarm().
    Ticks alarm{~std::uint64_t{0}};
    std::uint32_t held_locks = 0;
    /// The page that each machine::Window shows.
    std::array<std::optional<PhysicalAddress>, machine::windows> in_window = {};
    /// What the guest on it has.
    machine::GuestState guest = {};
    machine::GuestRegisters* registers = nullptr;
    /// How often a guest was loaded: who finds it changed is another guest.
    unsigned loads = 0;
    /// It sleeps in machine::wait_for_interrupt().
    bool waits = false;

    [[nodiscard]] bool is_alarmed(Ticks now) const { return now >= alarm; }
};

class TestMachine {
public:
    explicit TestMachine(std::uint32_t cpus = 1, unsigned list_registers = 4);

    /// The processor that executes what the test calls next.
    void run_on(CpuId cpu) { current_ = cpu; }
    [[nodiscard]] CpuId current() const { return current_; }
    [[nodiscard]] Processor& cpu() { return processors_.at(current_.value()); }
    [[nodiscard]] Processor& cpu(CpuId cpu) { return processors_.at(cpu.value()); }
    [[nodiscard]] std::uint32_t cpu_count() const
    {
        return static_cast<std::uint32_t>(processors_.size());
    }

    /// Private interrupts are those of `cpu`.
    [[nodiscard]] PhysicalInterrupt& physical(Intid intid, CpuId cpu);
    [[nodiscard]] PhysicalInterrupt& physical(Intid intid) { return physical(intid, current_); }
    /// Acknowledges an interrupt that the current processor is signalled, as EL2 does.
    std::optional<Intid> take_physical();
    /// Has that processor an interrupt to take, of whichever kind?
    [[nodiscard]] bool is_signalled(CpuId cpu);
    /// What EL2 does with a guest's physical interrupt that it acknowledged.
    std::function<void(Intid)> physical_handler = [](Intid) {};
    std::function<void()> maintenance_handler = [] {};
    std::function<void()> alarm_handler = [] {};
    /// Called where another processor may act meanwhile: before a lock is taken and after it is let
    /// go, and while this one waits. Without it nobody else acts, and a wait that does not end at
    /// once throws Halted.
    std::function<void()> interleave;
    /// Nobody acts any more, although `interleave` is set.
    bool stopping = false;
    void enable_physical(Intid intid)
    {
        physical(intid).enabled = true;
        in_use_.insert(intid.value());
    }
    void set_physical_line(Intid intid, bool high) { physical(intid).line = high; }
    void pulse_physical(Intid intid) { physical(intid).edge_seen = true; }

    Ticks now{1000};
    unsigned translation_flushes = 0;
    /// What a guest's virtual addresses mean: themselves, unless a test says otherwise.
    std::function<Result<GuestAddress>(VirtualAddress, machine::GuestAccess)> guest_translation =
        [](VirtualAddress address, machine::GuestAccess) {
            return Result<GuestAddress>{GuestAddress{address.value()}};
        };
    bool powered_off = false;

private:
    std::deque<Processor> processors_;
    std::array<PhysicalInterrupt, 1020> shared_;
    /// The private interrupts there are, and the SPIs that were ever enabled.
    std::set<std::uint32_t> in_use_;
    CpuId current_{};

    std::optional<Intid> first_signalled(CpuId cpu);
};

/// The machine behind the seam; a new one for each test that asks for it.
TestMachine& machine();
TestMachine& new_machine(std::uint32_t cpus = 1, unsigned list_registers = 4);

} // namespace bulkhead::test
