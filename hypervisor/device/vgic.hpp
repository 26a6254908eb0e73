#pragma once

#include "base/lock.hpp"
#include "device/vgic_delivery.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace bulkhead::device {

/// What became of a guest's access.
enum class Access : std::uint8_t {
    done,
    /// No register there has that size: the guest gets an external abort.
    abort,
    /// The answer is in the list registers of other CPUs, which were asked to fold them: let the
    /// guest execute its instruction again, after looking at this vCPU's attention.
    retry,
};
struct Read {
    Access access = Access::done;
    std::uint64_t value = 0;
};

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
    /// has no register read as zero and ignore writes.
    [[gnu::noinline]] Read read_distributor(VcpuId by, std::uint64_t offset, unsigned size)
        EXCLUDES(lock_);
    [[gnu::noinline]] Access write_distributor(VcpuId by, std::uint64_t offset, unsigned size,
                                               std::uint64_t value) EXCLUDES(lock_);
    [[gnu::noinline]] Read read_redistributor(VcpuId of, VcpuId by, std::uint64_t offset,
                                              unsigned size) EXCLUDES(lock_);
    [[gnu::noinline]] Access write_redistributor(VcpuId of, VcpuId by, std::uint64_t offset,
                                                 unsigned size, std::uint64_t value)
        EXCLUDES(lock_);
    /// GICv3: a write of ICC_SGI1R_EL1 (`any_group`), or of ICC_SGI0R_EL1 or ICC_ASGI1R_EL1, which
    /// with one security state reach SGIs of group 0 only (IHI 0069, 12.1.10).
    void send_sgi(VcpuId from, gic::SgiRequest request, bool any_group) EXCLUDES(lock_);
    /// A trapped write of ICC_DIR_EL1 (machine::Maintenance::trap_deactivation) or GICV_DIR.
    void deactivate(VcpuId running, Intid intid) EXCLUDES(lock_);

    /// Input signals of the domain's other devices. Any CPU.
    void set_line(Intid spi, bool high) EXCLUDES(lock_);
    void set_private_line(VcpuId vcpu, Intid ppi, bool high) EXCLUDES(lock_);
    void pulse(Intid spi) EXCLUDES(lock_);
    void pulse_private(VcpuId vcpu, Intid ppi) EXCLUDES(lock_);
    /// A linked interrupt's physical one was acknowledged, and its priority dropped, on this CPU.
    /// An SPI may arrive while the CPU runs no vCPU of this domain (`nobody`).
    void physical_arrived(VcpuId running, Intid virtual_intid) EXCLUDES(lock_);

    /// Folds the list registers and fills them anew: before the guest is entered with
    /// Attention::interrupts set (the caller clears it first), and upon a maintenance interrupt.
    void flush(VcpuId running) EXCLUDES(lock_);
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
    enum class Frame : std::uint8_t { distributor, redistributor };
    /// Which registers, whose if they are private, and who accesses them.
    struct Target {
        Frame frame;
        VcpuId of;
        VcpuId by;
    };
    using Change = VgicDelivery::Change;

    // Registers with a bit or more per interrupt (vgic_interrupt_registers.cpp).
    Bank* visible_bank(Target target, unsigned index) REQUIRES(lock_);
    static std::uint32_t pending_of(const Bank& bank, VcpuId by);
    [[gnu::noinline]] Read read_bits(Target target, std::uint64_t offset, unsigned size)
        REQUIRES(lock_);
    Read read_fields(Target target, std::uint64_t offset, unsigned size) REQUIRES(lock_);
    [[gnu::noinline]] Access write_bits(Target target, std::uint64_t offset, unsigned size,
                                        std::uint64_t value) REQUIRES(lock_);
    Access write_fields(Target target, std::uint64_t offset, unsigned size, std::uint64_t value)
        REQUIRES(lock_);
    void write_bank(Bank& bank, VcpuId by, unsigned group, std::uint32_t bits) REQUIRES(lock_);
    void write_trigger(Bank& bank, VcpuId by, unsigned half, std::uint32_t value) REQUIRES(lock_);
    void change_each(Bank& bank, VcpuId by, std::uint32_t which, Change change) REQUIRES(lock_);
    void flip(Bank& bank, VcpuId by, std::uint32_t Bank::* word, std::uint32_t changed)
        REQUIRES(lock_);
    void private_changed(const Bank& bank, VcpuId by, std::uint32_t which) REQUIRES(lock_);
    void set_priority(Interrupt i, std::uint8_t priority, VcpuId by) REQUIRES(lock_);
    std::uint8_t target_mask(Interrupt i) REQUIRES(lock_);
    void set_target_mask(Interrupt i, std::uint8_t mask, VcpuId by) REQUIRES(lock_);

    // The distributor's own (vgic_distributor.cpp).
    [[nodiscard]] gic::DistributorType type() const;
    [[gnu::noinline, gnu::cold]] Read read_other(VcpuId by, std::uint64_t offset, unsigned size)
        EXCLUDES(lock_);
    [[gnu::noinline, gnu::cold]] Read read_route(Intid id, std::uint64_t offset, unsigned size)
        REQUIRES(lock_);
    [[gnu::noinline, gnu::cold]] Access write_route(Intid id, VcpuId by, std::uint64_t offset,
                                                    unsigned size, std::uint64_t value)
        REQUIRES(lock_);

    // Software generated interrupts (vgic_sgi.cpp).
    void raise_sgi(VcpuId to, Intid sgi, VcpuId from) REQUIRES(lock_);
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
    const std::uint8_t priority_mask_;
    Lock<Rank::vgic> lock_;
    VgicDelivery delivery_ GUARDED_BY(lock_);
};

} // namespace bulkhead::device
