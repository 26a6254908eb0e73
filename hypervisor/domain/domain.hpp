#pragma once

#include "base/callback.hpp"
#include "base/lock.hpp"
#include "base/rate_limit.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "device/domain_console.hpp"
#include "device/guest_layout.hpp"
#include "device/vgic.hpp"
#include "device/vpl011.hpp"
#include "domain/shutdown.hpp"
#include "domain/vcpu.hpp"
#include "domain/watch.hpp"
#include "event/event_channels.hpp"
#include "memory/stage2_map.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace bulkhead::domain {

/// A partition: guest memory, vCPUs and the machine they see. Built by boot, on one CPU, before any
/// of its vCPUs runs; from then on its memory map and devices are fixed, over restarts as well.
class Domain {
public:
    /// Capacity of the list of domains.
    static constexpr std::size_t most = 32;

    struct Configuration {
        DomainId id{};
        std::string_view name;
        device::VgicConfiguration vgic;
        device::guest_layout::Places places = device::guest_layout::gicv3_places;
        bool has_vpl011 = false;
        sched::WaitMode wait = sched::WaitMode::native;
        bool has_pmu = false;
        /// The longest SVE vectors of its vCPUs; 0: none.
        unsigned sve_bits = 0;
        /// The host's PPI of the PMU, which is the guest's too.
        std::optional<Intid> pmu_interrupt = std::nullopt;
        /// Accesses to nothing read ones and write nothing, instead of an abort.
        bool ignores_unmapped = false;
        /// The host's PPIs of the virtual and the physical timer.
        std::array<Intid, 2> timer_interrupts = {};
        ShutdownAction on_reset = ShutdownAction::restart;
        ShutdownAction on_crash = ShutdownAction::stop;
        /// The guest has to pet its watchdog in this time, or has crashed; 0: it has none.
        std::uint32_t watchdog_ms = 0;
    };

    /// Everything but the guest's memory, from the page pool.
    static Result<Domain*> create(const Configuration& configuration);

    /// Used by create(); the parts come from there.
    Domain(const Configuration& configuration, memory::Stage2Map map, std::span<std::byte> vgic,
           std::span<Vcpu> vcpus, event::EventChannels::Storage* events);
    Domain(const Domain&) = delete;
    Domain& operator=(const Domain&) = delete;

    [[nodiscard]] DomainId id() const { return id_; }
    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] memory::Stage2Map& memory() { return memory_; }
    [[nodiscard]] device::Vgic& vgic() { return vgic_; }
    [[nodiscard]] event::EventChannels& events() { return events_; }
    [[nodiscard]] device::GicVersion gic_version() const { return gic_version_; }
    /// Windows of size 0 are those of devices that it has not, or reaches without a trap.
    [[nodiscard]] const device::guest_layout::Places& places() const { return places_; }
    [[nodiscard]] bool ignores_unmapped() const { return ignores_unmapped_; }
    [[nodiscard]] device::Vpl011* vpl011() { return vpl011_ ? &*vpl011_ : nullptr; }
    [[nodiscard]] device::DomainConsole& console() { return console_; }
    [[nodiscard]] std::span<Vcpu> vcpus() { return vcpus_; }

    /// Starts the first vCPU at its entry point, with the device tree's address in x0. No vCPU is
    /// on, and the devices are as after power on.
    void start(GuestAddress entry, GuestAddress device_tree) EXCLUDES(lock_);
    /// What a restart calls, with no vCPU on, for the guest's memory to be filled anew and start()
    /// to be called. False: it cannot be, and the domain stays down.
    void set_rebuild(Callback<bool()> rebuild) { rebuild_ = rebuild; }

    enum class PowerOn : std::uint8_t { done, already_on, stopping };
    /// PSCI CPU_ON: `vcpu` starts at `entry` with `argument` in x0.
    PowerOn power_on(VcpuId vcpu, GuestAddress entry, std::uint64_t argument) EXCLUDES(lock_);
    /// PSCI CPU_OFF, for a vCPU of the calling CPU. False when it is the last one that is on.
    bool power_off(Vcpu& own) EXCLUDES(lock_);
    [[nodiscard]] bool is_on(VcpuId vcpu) const;

    /// Stops all vCPUs; those on other CPUs leave the guest soon. What follows is the
    /// configuration's word. `why` is for the console, and starts with what separates it.
    void shut_down(ShutdownReason reason, std::string_view why = {}) EXCLUDES(lock_);
    /// One of its vCPUs is down for good or for now. With the last one the domain is to be built
    /// anew, when it is its first vCPU's turn to run; or it is gone, and with the last domain the
    /// machine's work is done (MachinePolicy).
    void vcpu_went_down() EXCLUDES(lock_);
    /// A part of that. True: there is more to do.
    bool build_anew();
    [[nodiscard]] bool is_stopped() const { return stopped_.load(std::memory_order_acquire); }

    [[nodiscard]] Watch& watch() { return watch_; }
    /// May the guest's doings be reported now?
    [[nodiscard]] bool may_report() { return reports_.admit(); }

private:
    void set_vpl011_line(bool high);
    [[nodiscard]] ShutdownAction action_for(ShutdownReason reason) const;
    /// True: all its vCPUs are down already.
    bool stop(ShutdownReason reason, std::string_view why) EXCLUDES(lock_);
    bool restart();
    /// Looks at what is to be watched.
    void look();

    const DomainId id_;
    const std::string_view name_;
    const device::GicVersion gic_version_;
    const bool ignores_unmapped_;
    const device::guest_layout::Places places_;
    memory::Stage2Map memory_;
    device::Vgic vgic_;
    event::EventChannels events_;
    device::DomainConsole console_;
    std::optional<device::Vpl011> vpl011_;
    std::span<Vcpu> vcpus_;
    sched::Group schedule_{id_};
    const bool has_pmu_;
    const unsigned sve_bits_;
    const ShutdownAction on_reset_;
    const ShutdownAction on_crash_;
    std::optional<Callback<bool()>> rebuild_;
    Watch watch_;
    RateLimit reports_;
    std::atomic<bool> stopped_ = false;
    bool gone_ GUARDED_BY(lock_) = false;
    ShutdownAction action_ GUARDED_BY(lock_) = ShutdownAction::stop;
    std::uint32_t restarts_ GUARDED_BY(lock_) = 0;
    /// Orders the power states of the vCPUs against each other.
    Lock<Rank::domain> lock_;
};

/// All domains, in the order of their ids.
std::span<Domain* const> all_domains();
Result<void> add_domain(Domain& domain);

/// Makes an SPI of the host's a domain's; before that domain starts.
void give_interrupt(Intid spi, Domain& domain);
/// Null when it is nobody's. Any CPU.
Domain* owner_of(Intid spi);

/// What happens to the machine.
struct MachinePolicy {
    /// Once all domains have stopped it is switched off: nothing can run on it any more. Otherwise
    /// it stays as it is, for someone to look at it (`noreboot`).
    bool off_with_last_domain = true;
    /// An SError that belongs to a guest stops the machine (`serrors=panic`).
    bool stop_at_system_error = false;
};
MachinePolicy& machine_policy();
/// A domain has stopped and all its vCPUs are down.
void domain_has_gone();

} // namespace bulkhead::domain
