#pragma once

#include "base/lock.hpp"
#include "device/vgic_delivery.hpp"
#include "machine/mmio.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace bulkhead::device {

using Access = machine::MmioResult;
using Read = machine::MmioRead;

/// The virtual interrupt controller of one domain: distributor and redistributors by trapped
/// accesses, CPU interfaces by the hardware's list registers.
///
/// `by` and `running` name the vCPU that the calling CPU runs, whose list registers are loaded.
/// The GIC architecture specification is Arm IHI 0069 (GICv3), and IHI 0048 (GICv2).
class Vgic {
public:
    static constexpr std::size_t memory_needed(const VgicConfiguration& configuration)
    {
        return configuration.vcpus * sizeof(CpuInterface) +
               configuration.spis / interrupts_per_bank * sizeof(SharedBank);
    }
    /// `memory` is aligned to a cache line, of the size above, and outlives the Vgic.
    Vgic(const VgicConfiguration& configuration, std::span<std::byte> memory);
    Vgic(const Vgic&) = delete;
    Vgic& operator=(const Vgic&) = delete;

    /// Before the domain runs: its vCPUs, and the virtual interrupts that are a physical one's.
    void attach(VcpuId vcpu, sched::Unit& unit) EXCLUDES(lock_);
    void link_private(VcpuId vcpu, Intid virtual_ppi, Intid physical_ppi) EXCLUDES(lock_);
    void link_shared(Intid virtual_spi, Intid physical_spi) EXCLUDES(lock_);
    /// Links a timer's PPI, and lets the interrupt path put it into list register `timer` by
    /// itself (machine::RunningVcpu::timer_list_register).
    void link_timer(VcpuId vcpu, unsigned timer, Intid virtual_ppi, Intid physical_ppi)
        EXCLUDES(lock_);

    /// Trapped accesses of a guest; offsets from the start of the distributor's frame (64 KiB,
    /// GICv2: 4 KiB), and of the redistributor's two (128 KiB). Addresses where the architecture
    /// has no register read as zero and ignore writes. Of `value` the low `size` bytes count.
    ///
    /// Registers with one bit per interrupt, which guests use while they run, and GICD_TYPER take
    /// the short way.
    Read read_distributor(VcpuId by, std::uint64_t offset, unsigned size) EXCLUDES(lock_)
    {
        if (gic::has_bits(offset, size)) return read_bits(distributor(by), offset);
        if (offset == gic::typer && size == 4) return {.value = type_.raw()};
        return read_distributor_other(by, offset, size);
    }
    Access write_distributor(VcpuId by, std::uint64_t offset, unsigned size, std::uint64_t value)
        EXCLUDES(lock_)
    {
        if (gic::has_bits(offset, size)) return write_bits(distributor(by), offset, value);
        return write_distributor_other(by, offset, size, value);
    }
    Read read_redistributor(VcpuId of, VcpuId by, std::uint64_t offset, unsigned size)
        EXCLUDES(lock_)
    {
        const auto in_frame = offset - gic::sgi_frame;
        if (gic::has_bits(in_frame, size)) return read_bits({of, by}, in_frame);
        return read_redistributor_other(of, by, offset, size);
    }
    Access write_redistributor(VcpuId of, VcpuId by, std::uint64_t offset, unsigned size,
                               std::uint64_t value) EXCLUDES(lock_)
    {
        const auto in_frame = offset - gic::sgi_frame;
        if (gic::has_bits(in_frame, size)) return write_bits({of, by}, in_frame, value);
        return write_redistributor_other(of, by, offset, size, value);
    }
    /// GICv3: a write of ICC_SGI1R_EL1 (`any_group`), or of ICC_SGI0R_EL1 or ICC_ASGI1R_EL1, which
    /// with one security state reach SGIs of group 0 only (IHI 0069, 12.1.10).
    void send_sgi(VcpuId from, gic::SgiRequest request, bool any_group) EXCLUDES(lock_);
    /// A trapped write of ICC_DIR_EL1 (machine::Maintenance::trap_deactivation) or GICV_DIR.
    [[gnu::noinline]] Access deactivate(VcpuId running, Intid intid) EXCLUDES(lock_);

    /// Input signals of the domain's other devices, or of a PPI `of` a vCPU. Any CPU.
    void set_line(Intid id, bool high, VcpuId of = nobody) EXCLUDES(lock_);
    void pulse(Intid id, VcpuId of = nobody) EXCLUDES(lock_);
    /// A linked interrupt's physical one was acknowledged, and its priority dropped, on this CPU.
    /// An SPI may arrive while the CPU runs no vCPU of this domain (`nobody`).
    [[gnu::noinline]] void physical_arrived(VcpuId running, Intid virtual_intid) EXCLUDES(lock_);

    /// Folds the list registers and fills them anew, upon a maintenance interrupt.
    [[gnu::noinline]] void flush(VcpuId running) EXCLUDES(lock_);
    /// The same as far as others' changes call for it: before the guest is entered with
    /// Attention::interrupts set (the caller clears it first).
    void refresh(VcpuId running) EXCLUDES(lock_);
    /// Would timer `timer` (link_timer) of a vCPU that is not loaded come to the guest if it
    /// signalled?
    bool can_timer_signal(VcpuId vcpu, unsigned timer) EXCLUDES(lock_);
    /// Would the guest leave a WFI? Flushes.
    bool has_deliverable(VcpuId running) EXCLUDES(lock_);
    /// The vCPU starts and stops to run on this CPU; a vCPU that is not loaded has nothing there.
    void load(VcpuId vcpu) EXCLUDES(lock_);
    void save(VcpuId vcpu) EXCLUDES(lock_);

    /// All as after power on, with no vCPU loaded; links and input lines stay.
    void reset() EXCLUDES(lock_);
    /// The private interrupts of one vCPU alone.
    void reset_vcpu(VcpuId vcpu) EXCLUDES(lock_);

private:
    /// Whose private interrupts are the registers', if anybody's, and who accesses them.
    struct Target {
        VcpuId of;
        VcpuId by;
    };
    [[nodiscard]] Target distributor(VcpuId by) const { return {is_v2() ? by : nobody, by}; }
    using Change = VgicDelivery::Change;

    // Registers with one bit per interrupt (vgic_bit_registers.cpp).
    [[gnu::noinline]] Read read_bits(Target target, std::uint64_t offset) EXCLUDES(lock_);
    [[gnu::noinline]] Access write_bits(Target target, std::uint64_t offset, std::uint64_t value)
        EXCLUDES(lock_);
    Bank* visible_bank(Target target, unsigned index) REQUIRES(lock_);
    bool reclaim(Bank& bank, std::uint32_t which, VcpuId by) REQUIRES(lock_);

    // What they mean, and registers with more than one bit (vgic_interrupt_registers.cpp).
    static std::uint32_t pending_of(const Bank& bank, VcpuId by);
    [[gnu::noinline]] Read read_state(Bank& bank, VcpuId by, unsigned group) REQUIRES(lock_);
    [[gnu::noinline]] void write_bank(Bank& bank, VcpuId by, unsigned group, std::uint32_t bits)
        REQUIRES(lock_);
    Read read_fields(Target target, std::uint64_t offset, unsigned size) REQUIRES(lock_);
    Access write_fields(Target target, std::uint64_t offset, unsigned size, std::uint64_t value)
        REQUIRES(lock_);
    void write_trigger(Bank& bank, VcpuId by, unsigned half, std::uint32_t value) REQUIRES(lock_);
    void change_each(Bank& bank, VcpuId by, std::uint32_t which, Change change) REQUIRES(lock_);
    void flip(Bank& bank, VcpuId by, std::uint32_t Bank::* word, std::uint32_t changed)
        REQUIRES(lock_);
    void private_changed(const Bank& bank, VcpuId by, std::uint32_t which) REQUIRES(lock_);
    void set_priority(Interrupt i, std::uint8_t priority, VcpuId by) REQUIRES(lock_);
    std::uint8_t target_mask(Interrupt i) REQUIRES(lock_);
    void set_target_mask(Interrupt i, std::uint8_t mask, VcpuId by) REQUIRES(lock_);

    // The distributor's own (vgic_distributor.cpp).
    [[gnu::noinline]] Read read_distributor_other(VcpuId by, std::uint64_t offset, unsigned size)
        EXCLUDES(lock_);
    [[gnu::noinline]] Access write_distributor_other(VcpuId by, std::uint64_t offset, unsigned size,
                                                     std::uint64_t value) EXCLUDES(lock_);
    [[gnu::noinline, gnu::cold]] Read read_route(Intid id, std::uint64_t offset, unsigned size)
        REQUIRES(lock_);
    [[gnu::noinline, gnu::cold]] Access write_route(Intid id, VcpuId by, std::uint64_t offset,
                                                    unsigned size, std::uint64_t value)
        REQUIRES(lock_);

    // A redistributor's own (vgic_redistributor.cpp).
    [[gnu::noinline]] Read read_redistributor_other(VcpuId of, VcpuId by, std::uint64_t offset,
                                                    unsigned size) EXCLUDES(lock_);
    [[gnu::noinline]] Access write_redistributor_other(VcpuId of, VcpuId by, std::uint64_t offset,
                                                       unsigned size, std::uint64_t value)
        EXCLUDES(lock_);

    // Software generated interrupts (vgic_sgi.cpp).
    void raise_sgi(VcpuId to, Intid sgi, VcpuId from) REQUIRES(lock_);
    [[gnu::noinline]] void raise_another_sgi(Interrupt i, std::uint8_t source, VcpuId from)
        REQUIRES(lock_);
    void write_sgir(VcpuId by, gic::SoftwareGenerated request) REQUIRES(lock_);
    void change_sgi_sources(VcpuId by, Intid sgi, std::uint8_t senders, bool pending)
        REQUIRES(lock_);

    [[nodiscard]] bool is_v2() const { return configuration_.version == GicVersion::v2; }
    /// GICv2's mask of the vCPUs there are.
    [[nodiscard]] std::uint8_t all_vcpus() const
    {
        return static_cast<std::uint8_t>((1U << configuration_.vcpus) - 1);
    }

    const VgicConfiguration configuration_;
    const gic::DistributorType type_;
    const std::uint8_t priority_mask_;
    Lock<Rank::vgic> lock_;
    VgicDelivery delivery_ GUARDED_BY(lock_);
};

} // namespace bulkhead::device
