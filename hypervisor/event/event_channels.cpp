#include "event/event_channels.hpp"

#include "base/read_only_after_boot.hpp"
#include "device/guest_layout.hpp"
#include "event/xen_abi.hpp"
#include "machine/memory.hpp"

#include <algorithm>

namespace bulkhead::event {
namespace {

using machine::Window;
using memory::SharedBits;

/// Domain 0, and those of the device tree: boot gives them numbers from 1 on.
constexpr std::size_t most_domains = 33;
READ_ONLY_AFTER_BOOT constinit std::array<std::atomic<EventChannels*>, most_domains> all{};

constexpr unsigned pending_bits = 8 * offsetof(SharedInfo, evtchn_pending);
constexpr unsigned mask_bits = 8 * offsetof(SharedInfo, evtchn_mask);
/// evtchn_upcall_pending is the first byte, 0 or 1.
constexpr unsigned upcall_bit = 0;
constexpr unsigned selector_bits = 8 * offsetof(VcpuInfo, evtchn_pending_sel);
constexpr unsigned ports_a_selector_bit = 64;

constexpr std::size_t own_vcpu_infos = 2048;
static_assert(sizeof(SharedInfo) <= own_vcpu_infos);
static_assert(own_vcpu_infos + max_cpus * sizeof(VcpuInfo) <= page_size);

} // namespace

Result<EventChannels::Storage*> EventChannels::allocate(memory::PagePool& pool)
{
    return pool.create<Storage>();
}

EventChannels::EventChannels(DomainId id, device::Vgic& vgic, std::uint32_t vcpus, Storage* storage)
    : id_(id), vcpus_(vcpus), vgic_(vgic), storage_(storage)
{
    const Guard guard{lock_};
    use_own_page();
    if (id.value() < most_domains) all[id.value()] = this;
}

EventChannels::~EventChannels()
{
    if (id_.value() < most_domains) all[id_.value()] = nullptr;
}

EventChannels* EventChannels::of(DomainId domain)
{
    return domain.value() < most_domains ? all[domain.value()].load() : nullptr;
}

/// A port that there is not is like one that is free.
ChannelEnd EventChannels::end_at(Port port) const
{
    if (port.value() >= ports) return {};
    return ChannelEnd::from(storage_->ends[port.value()].load(std::memory_order_acquire));
}

void EventChannels::set_end(Port port, ChannelEnd end)
{
    storage_->ends[port.value()].store(end.raw(), std::memory_order_release);
}

Result<Port> EventChannels::take_port(ChannelEnd end)
{
    // Port 0 is never one, so that guests can use it for "none".
    for (Port port{1}; port.value() < ports; ++port) {
        if (end_at(port).get(ChannelEnd::state) != State::free) continue;
        set_end(port, end);
        return port;
    }
    return failure(Error::no_space);
}

Result<void> EventChannels::bind_fixed(Port local, DomainId peer, Port remote)
{
    const Guard guard{lock_};
    if (local == Port{0} || local.value() >= ports) return failure(Error::out_of_range);
    if (end_at(local) != ChannelEnd{}) return failure(Error::exists);
    set_end(local, ChannelEnd::interdomain_with(peer, remote).with(ChannelEnd::fixed, true));
    return {};
}

Result<Port> EventChannels::allocate_unbound(DomainId remote)
{
    const Guard guard{lock_};
    return take_port(
        ChannelEnd{}.with(ChannelEnd::state, State::unbound).with(ChannelEnd::peer, remote));
}

Result<Port> EventChannels::bind_interdomain(EventChannels& remote, Port remote_port)
{
    Result<Port> local{};
    {
        const Guard guard{lock_};
        local = take_port(ChannelEnd{}.with(ChannelEnd::state, State::reserved));
    }
    if (!local) return local;
    const bool accepted = remote.accept(id_, *local, remote_port);
    const Guard guard{lock_};
    set_end(*local,
            accepted ? ChannelEnd::interdomain_with(remote.id_, remote_port) : ChannelEnd{});
    if (!accepted) return failure(Error::invalid);
    // Whatever the remote end sent while there was no one to tell.
    raise(*local);
    return local;
}

bool EventChannels::accept(DomainId from, Port from_port, Port port)
{
    const Guard guard{lock_};
    const auto end = end_at(port);
    const auto state = end.get(ChannelEnd::state);
    const bool is_unbound =
        state == State::unbound || (state == State::interdomain && !is_connected(port, end));
    if (stopped_ || !is_unbound || end.get(ChannelEnd::fixed) || end.get(ChannelEnd::peer) != from)
        return false;
    set_end(port, ChannelEnd::interdomain_with(from, from_port)
                      .with(ChannelEnd::vcpu, end.get(ChannelEnd::vcpu)));
    return true;
}

bool EventChannels::is_connected(Port port, ChannelEnd end) const
{
    const auto* peer = of(end.get(ChannelEnd::peer));
    return peer != nullptr && !peer->stopped_ &&
           peer->end_at(end.get(ChannelEnd::peer_port)).names(id_, port);
}

Result<Port> EventChannels::bind_ipi(VcpuId vcpu)
{
    if (vcpu.value() >= vcpus_) return failure(Error::no_entry);
    const Guard guard{lock_};
    return take_port(ChannelEnd{}.with(ChannelEnd::state, State::ipi).with(ChannelEnd::vcpu, vcpu));
}

Result<void> EventChannels::bind_vcpu(Port port, VcpuId vcpu)
{
    if (vcpu.value() >= vcpus_) return failure(Error::no_entry);
    const Guard guard{lock_};
    const auto end = end_at(port);
    const auto state = end.get(ChannelEnd::state);
    if (state != State::unbound && state != State::interdomain) return failure(Error::invalid);
    set_end(port, end.with(ChannelEnd::vcpu, vcpu));
    return {};
}

Result<void> EventChannels::close(Port port)
{
    const Guard guard{lock_};
    const auto end = end_at(port);
    const auto state = end.get(ChannelEnd::state);
    if (state == State::free || state == State::reserved || end.get(ChannelEnd::fixed))
        return failure(Error::invalid);
    info().clear(pending_bits + port.value());
    set_end(port, {});
    return {};
}

Result<void> EventChannels::send(Port port)
{
    const auto end = end_at(port);
    switch (end.get(ChannelEnd::state)) {
    case State::ipi: {
        const Guard guard{lock_};
        raise(port);
        return {};
    }
    case State::interdomain: {
        auto* peer = of(end.get(ChannelEnd::peer));
        if (peer != nullptr && peer->raise_from(id_, port, end.get(ChannelEnd::peer_port)))
            return {};
        return end.get(ChannelEnd::fixed) ? failure(Error::not_connected) : Result<void>{};
    }
    case State::unbound: return {};
    default: return failure(Error::invalid);
    }
}

bool EventChannels::raise_from(DomainId from, Port from_port, Port port)
{
    const Guard guard{lock_};
    if (stopped_ || !end_at(port).names(from, from_port)) return false;
    raise(port);
    return true;
}

void EventChannels::raise(Port port)
{
    const auto bits = info();
    if (!bits.set(pending_bits + port.value()) && !bits.is_set(mask_bits + port.value()))
        tell(port);
}

void EventChannels::tell(Port port)
{
    const auto vcpu = end_at(port).get(ChannelEnd::vcpu);
    const auto bits = vcpu_info(vcpu);
    bits.set(selector_bits + port.value() / ports_a_selector_bit);
    bits.set_first_byte();
    // The guest's device tree calls the interrupt a level, but the guest takes the level away in
    // its memory, unseen: so every event makes it pending once, and it ends without a trap.
    vgic_.pulse(device::guest_layout::event_interrupt, vcpu);
}

Result<void> EventChannels::unmask(Port port)
{
    if (port.value() >= ports) return failure(Error::invalid);
    const Guard guard{lock_};
    const auto bits = info();
    if (bits.clear(mask_bits + port.value()) && bits.is_set(pending_bits + port.value()))
        tell(port);
    return {};
}

Result<ChannelEnd> EventChannels::status(Port port) const
{
    if (port.value() >= ports) return failure(Error::invalid);
    const auto end = end_at(port);
    switch (end.get(ChannelEnd::state)) {
    case State::reserved: return ChannelEnd{};
    case State::interdomain:
        return is_connected(port, end) ? end : end.with(ChannelEnd::state, State::unbound);
    default: return end;
    }
}

/// What the device tree says stays.
void EventChannels::close_guests_own()
{
    for (Port port{1}; port.value() < ports; ++port) {
        const auto end = end_at(port);
        if (end.get(ChannelEnd::state) != State::free) info().clear(pending_bits + port.value());
        const bool fixed = end.get(ChannelEnd::fixed);
        set_end(port, fixed ? end.with(ChannelEnd::vcpu, VcpuId{0}) : ChannelEnd{});
    }
}

void EventChannels::close_all()
{
    const Guard guard{lock_};
    close_guests_own();
}

void EventChannels::set_stopped(bool stopped)
{
    const Guard guard{lock_};
    use_own_page();
    close_guests_own();
    stopped_ = stopped;
}

// Where the bits are.

PhysicalAddress EventChannels::own_page() const
{
    return machine::physical_address_of(&storage_->page);
}

PhysicalAddress EventChannels::own_vcpu_info(VcpuId vcpu) const
{
    // The first one's is part of shared_info (XEN_LEGACY_MAX_VCPUS).
    const auto offset = own_vcpu_infos + vcpu.value() * sizeof(VcpuInfo);
    return own_page() + (vcpu == VcpuId{0} ? 0 : offset);
}

void EventChannels::use_own_page()
{
    storage_->page.fill(std::byte{0});
    info_ = own_page();
    for (std::uint32_t n = 0; n < vcpus_; ++n)
        vcpu_info_[n] = own_vcpu_info(VcpuId{n});
}

SharedBits EventChannels::info() { return {Window::shared_info, info_}; }
SharedBits EventChannels::vcpu_info(VcpuId vcpu)
{
    return {Window::vcpu_info, vcpu_info_[vcpu.value()]};
}

Result<void> EventChannels::share_info(PhysicalAddress page)
{
    const Guard guard{lock_};
    if (stopped_ || info_ != own_page()) return failure(Error::busy);
    if (vcpu_info_[0] == info_) vcpu_info_[0] = page;
    info_ = page;
    info().store(storage_->page);
    return {};
}

Result<void> EventChannels::share_vcpu_info(VcpuId vcpu, PhysicalAddress at)
{
    if (vcpu.value() >= vcpus_) return failure(Error::no_entry);
    const Guard guard{lock_};
    auto& place = vcpu_info_[vcpu.value()];
    const bool has_one = place != own_vcpu_info(vcpu) && (vcpu != VcpuId{0} || place != info_);
    if (stopped_ || has_one) return failure(Error::invalid);
    std::array<std::byte, sizeof(VcpuInfo)> contents{};
    vcpu_info(vcpu).load(contents);
    place = at;
    vcpu_info(vcpu).store(contents);
    return {};
}

void EventChannels::refresh(VcpuId vcpu)
{
    const Guard guard{lock_};
    if (vcpu_info(vcpu).is_set(upcall_bit))
        vgic_.pulse(device::guest_layout::event_interrupt, vcpu);
}

} // namespace bulkhead::event
