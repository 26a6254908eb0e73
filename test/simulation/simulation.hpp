#pragma once

#include "domain/domain.hpp"
#include "machine/test_machine.hpp"
#include "simulation/fiber.hpp"
#include "simulation/guest.hpp"
#include "simulation/ledger.hpp"
#include "simulation/random_scheduler.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bulkhead::simulation {

/// An invariant does not hold; the text says which.
struct Broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};
/// The seed is through, successfully or not: unwinds a processor.
struct Finished {};

/// A domain, with what is promised of its interrupts and what its devices did.
struct Partition {
    std::vector<std::byte> vgic_memory;
    std::unique_ptr<event::EventChannels::Storage> events =
        std::make_unique<event::EventChannels::Storage>();
    std::optional<domain::Domain> domain;
    /// Among those of all partitions.
    unsigned first_vcpu = 0;
    unsigned vcpus = 1;
    /// A bit for each vCPU that has come to rest.
    unsigned has_drained = 0;
    bool eoi_mode = false;
    /// One for each start of the domain; what is under way ends in that in which it began.
    std::deque<Ledger> ledgers;
    /// Its first vCPU has set up the distributor.
    bool is_set_up = false;
    bool has_ended = false;
    /// A reset is followed by a start.
    bool restarts = false;
    /// Characters typed for it, and received by its guest.
    unsigned typed = 0;
    unsigned received = 0;
    bool is_typing = false;
    /// Lines that a device is about to change.
    unsigned moving_lines = 0;

    Ledger& ledger() { return ledgers.back(); }
    /// The domain starts anew; all its vCPUs are down.
    bool rebuild();
    [[nodiscard]] bool is_on(unsigned vcpu) const { return domain->is_on(VcpuId{vcpu}); }
};

/// Processors that run guests of several domains, and one that plays devices, interleaved wherever
/// the hypervisor takes or lets go of a lock or waits: all by one seed. Each vCPU has a processor
/// for itself, or they move between fewer processors than there are vCPUs.
class Simulation {
public:
    static constexpr unsigned most_cpus = 5;
    static constexpr unsigned most_vcpus = 6;
    static constexpr unsigned spis = 32;
    /// Some SPIs are physical ones of the same number.
    static constexpr bool is_linked(unsigned intid) { return intid >= 56; }
    static constexpr unsigned uart_interrupt = 32;

    /// `tells`: prints what happens.
    Simulation(std::uint64_t seed, bool tells);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    /// What is broken; nothing if all held.
    std::optional<std::string> run();

    template <typename... Arguments>
    void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments)
    {
        if (tells_)
            fmt::print(stderr, "{:6} CPU {}: {}\n", machine_.now.value(),
                       machine_.current().value(),
                       fmt::format(format, std::forward<Arguments>(arguments)...));
    }

    // For the guests and the devices.
    unsigned upto(unsigned n) { return static_cast<unsigned>(random_() % n); }
    bool one_in(unsigned n) { return upto(n) == 0; }
    test::TestMachine& machine() { return machine_; }
    test::Processor& cpu(unsigned n) { return machine_.cpu(CpuId{n}); }
    /// The processor that calls lets others go on. Throws Finished when the seed is through.
    void pass();
    /// Nothing new happens: what is under way comes to its end.
    [[nodiscard]] bool is_draining() const { return draining_; }
    std::deque<Partition>& partitions() { return partitions_; }
    /// Has this processor seen all that others have told it?
    bool is_up_to_date(unsigned cpu);
    bool is_in_list_register_elsewhere(const Partition& partition, unsigned intid, unsigned cpu);
    /// Is this vCPU asleep?
    bool sleeps(const Partition& partition, unsigned vcpu);
    [[nodiscard]] bool shares_cpus() const { return scheduler_ != nullptr; }
    Player& player(const domain::Vcpu& vcpu);
    machine::GuestRegisters& registers(unsigned cpu) { return registers_.at(cpu); }
    /// Its guest has nothing to do.
    void set_idle(unsigned cpu, bool idle) { idle_.at(cpu) = idle; }

    /// The lines of the timers follow the clock, and the guests that are loaded.
    void update_timers();
    /// Something happens to one of the devices.
    void device_event();

private:
    void build(Partition& partition, unsigned number);
    void processor(unsigned cpu);
    void take_physical(Intid intid);
    void switch_away();
    void check_list_registers();
    [[nodiscard]] bool is_at_rest(unsigned cpu);
    void check_nothing_is_lost();
    void check_ended(const Partition& partition);
    void stop();

    bool runs(unsigned cpu, const Partition& partition);
    void check_timers(Partition& partition);

    bool tells_;
    std::mt19937_64 random_;
    test::TestMachine& machine_;
    device::GicVersion version_;
    std::deque<Partition> partitions_;
    /// Where vCPUs share processors.
    RandomScheduler* scheduler_ = nullptr;
    std::deque<Player> players_;
    std::vector<std::unique_ptr<Fiber>> fibers_;
    std::array<machine::GuestRegisters, most_cpus> registers_{};
    std::array<bool, most_cpus> idle_{};
    unsigned devices_cpu_ = 0;
    bool draining_ = false;
    std::optional<std::string> broken_;
};

} // namespace bulkhead::simulation
