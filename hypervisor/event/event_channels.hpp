#pragma once

#include "base/lock.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "device/vgic.hpp"
#include "event/channel_end.hpp"
#include "memory/guest_memory.hpp"
#include "memory/page_pool.hpp"

#include <array>
#include <atomic>
#include <cstddef>

namespace bulkhead::event {

/// The event channels of one domain: Xen's 2-level ABI (public/event_channel.h). A channel is a bit
/// in the memory of the domain that is told, and an interrupt to one of its vCPUs. Domains are
/// joined by the device tree alone; a guest can make channels within itself.
///
/// Only the domain's own calls change its ends of channels. Nothing here holds the locks of two
/// domains.
class EventChannels {
public:
    /// Ports 1 to 1023: what Xen gives to a domain of the device tree.
    static constexpr std::uint32_t ports = 1024;

    /// What it needs of EL2's memory, zeroed.
    struct Storage {
        /// The shared_info page until the guest has one, and vcpu_infos from 2 KiB on.
        alignas(page_size) std::array<std::byte, page_size> page;
        std::array<std::atomic<std::uint64_t>, ports> ends;
    };

    /// What one domain's ends are kept in; null in a build without channels (profile/).
    static Result<Storage*> allocate(memory::PagePool& pool);

    EventChannels(DomainId id, device::Vgic& vgic, std::uint32_t vcpus, Storage* storage);
    ~EventChannels();
    EventChannels(const EventChannels&) = delete;
    EventChannels& operator=(const EventChannels&) = delete;

    /// Nothing when there is no such domain.
    static EventChannels* of(DomainId domain);

    /// As the device tree says: `local` is connected with `remote` of `peer`, whenever that runs.
    /// out_of_range, exists.
    Result<void> bind_fixed(Port local, DomainId peer, Port remote) EXCLUDES(lock_);

    // What the domain's vCPUs ask for. invalid: no such port, or not in this state; no_space: no
    // port is left; no_entry: no such vCPU.
    /// A port that `remote` may connect to.
    Result<Port> allocate_unbound(DomainId remote) EXCLUDES(lock_);
    Result<Port> bind_interdomain(EventChannels& remote, Port remote_port) EXCLUDES(lock_);
    Result<Port> bind_ipi(VcpuId vcpu) EXCLUDES(lock_);
    Result<void> bind_vcpu(Port port, VcpuId vcpu) EXCLUDES(lock_);
    Result<void> close(Port port) EXCLUDES(lock_);
    /// Tells the other end. not_connected: a fixed channel whose peer does not run. Nobody behind
    /// one that a guest made is no error, as in Xen.
    Result<void> send(Port port) EXCLUDES(lock_);
    Result<void> unmask(Port port) EXCLUDES(lock_);
    /// The end as the guest sees it: interdomain only while the other one is.
    Result<ChannelEnd> status(Port port) const;
    void close_all() EXCLUDES(lock_);

    /// The guest's page of RAM at `page` becomes its shared_info. busy: it has one.
    Result<void> share_info(PhysicalAddress page) EXCLUDES(lock_);
    /// The same for a vCPU's vcpu_info, at an address that is a multiple of 8 and in one page.
    /// no_entry; invalid: it has one.
    Result<void> share_vcpu_info(VcpuId vcpu, PhysicalAddress at) EXCLUDES(lock_);
    /// The vCPU starts: its interrupt is pending if an event is.
    void refresh(VcpuId vcpu) EXCLUDES(lock_);

    /// The domain ends: nobody reaches it, and nothing of its memory is used any more.
    void stop() { set_stopped(true); }
    /// It starts anew, with what the device tree says.
    void restart() { set_stopped(false); }

private:
    using State = ChannelEnd::State;

    [[nodiscard]] ChannelEnd end_at(Port port) const;
    void set_end(Port port, ChannelEnd end) REQUIRES(lock_);
    Result<Port> take_port(ChannelEnd end) REQUIRES(lock_);
    bool accept(DomainId from, Port from_port, Port port) EXCLUDES(lock_);
    bool raise_from(DomainId from, Port from_port, Port port) EXCLUDES(lock_);
    [[nodiscard]] bool is_connected(Port port, ChannelEnd end) const;
    void raise(Port port) REQUIRES(lock_);
    void tell(Port port) REQUIRES(lock_);
    void close_guests_own() REQUIRES(lock_);
    void set_stopped(bool stopped) EXCLUDES(lock_);
    void use_own_page() REQUIRES(lock_);

    [[nodiscard]] memory::SharedBits info() REQUIRES(lock_);
    [[nodiscard]] memory::SharedBits vcpu_info(VcpuId vcpu) REQUIRES(lock_);
    [[nodiscard]] PhysicalAddress own_page() const;
    [[nodiscard]] PhysicalAddress own_vcpu_info(VcpuId vcpu) const;

    const DomainId id_;
    const std::uint32_t vcpus_;
    device::Vgic& vgic_;
    Storage* const storage_;
    std::atomic<bool> stopped_ = false;
    Lock<Rank::event_channels> lock_;
    PhysicalAddress info_ GUARDED_BY(lock_);
    std::array<PhysicalAddress, max_cpus> vcpu_info_ GUARDED_BY(lock_) = {};
};

} // namespace bulkhead::event
