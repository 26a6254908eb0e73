#pragma once

#include "base/lock.hpp"
#include "base/types.hpp"
#include "device/vgic_registers.hpp"
#include "device/vgic_state.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace bulkhead::device {

enum class GicVersion : std::uint8_t { v2, v3 };

struct VgicConfiguration {
    GicVersion version = GicVersion::v3;
    /// At most 8 with GICv2, 128 with GICv3.
    unsigned vcpus = 1;
    /// A multiple of 32, at most 992; INTIDs from 1020 on do not exist whatever it says.
    unsigned spis = 32;
};

/// MPIDR_EL1's affinity fields of a vCPU, 16 to a cluster as GICv3's SGI target lists want it.
/// Bits 31:24 are Aff3, as in GICD_IROUTER<n>'s upper half and GICR_TYPER.
constexpr std::uint32_t affinity_of(VcpuId vcpu)
{
    return (vcpu.value() & 0xf) | (vcpu.value() >> 4) << 8;
}

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
/// An interrupt is in memory, or *resident* in a list register of the one vCPU that holds it; then
/// the guest changes it without a trap, and the list register is *folded* back into memory by the
/// CPU that runs this vCPU. Whoever wants a change there records it and notifies the vCPU.
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
    void attach(VcpuId vcpu, sched::Unit& unit);
    void link_private(VcpuId vcpu, Intid virtual_ppi, Intid physical_ppi) EXCLUDES(lock_);
    void link_shared(Intid virtual_spi, Intid physical_spi) EXCLUDES(lock_);
    /// Links a timer's PPI, and lets the interrupt path put it into list register `timer` by
    /// itself (machine::RunningVcpu::timer_list_register).
    void link_timer(VcpuId vcpu, unsigned timer, Intid virtual_ppi, Intid physical_ppi)
        EXCLUDES(lock_);

    /// Trapped accesses of a guest; offsets from the start of the distributor's frame (64 KiB,
    /// GICv2: 4 KiB), and of the redistributor's two (128 KiB). Addresses where the architecture
    /// has no register read as zero and ignore writes.
    Read read_distributor(VcpuId by, std::uint64_t offset, unsigned size) EXCLUDES(lock_);
    Access write_distributor(VcpuId by, std::uint64_t offset, unsigned size, std::uint64_t value)
        EXCLUDES(lock_);
    Read read_redistributor(VcpuId of, VcpuId by, std::uint64_t offset, unsigned size)
        EXCLUDES(lock_);
    Access write_redistributor(VcpuId of, VcpuId by, std::uint64_t offset, unsigned size,
                               std::uint64_t value) EXCLUDES(lock_);
    /// GICv3: a write of ICC_SGI1R_EL1 (`any_group`), or of ICC_SGI0R_EL1 or ICC_ASGI1R_EL1, which
    /// with one security state reach SGIs of group 0 only (IHI 0069, 12.1.10).
    void send_sgi(VcpuId from, gic::SgiRequest request, bool any_group) EXCLUDES(lock_);
    /// A trapped write of ICC_DIR_EL1 or GICV_DIR (machine::Maintenance::trap_deactivation).
    void deactivate(VcpuId running, Intid intid) EXCLUDES(lock_);

    /// Input signals of the domain's other devices. Any CPU.
    void set_line(Intid spi, bool high) EXCLUDES(lock_);
    void set_private_line(VcpuId vcpu, Intid ppi, bool high) EXCLUDES(lock_);
    void pulse(Intid spi) EXCLUDES(lock_);
    void pulse_private(VcpuId vcpu, Intid ppi) EXCLUDES(lock_);
    /// A linked interrupt's physical one was acknowledged, and its priority dropped, on this CPU.
    void physical_arrived(VcpuId running, Intid virtual_intid) EXCLUDES(lock_);

    /// Folds the list registers and fills them anew: before the guest is entered with
    /// Attention::interrupts set (the caller clears it first), and upon a maintenance interrupt.
    void flush(VcpuId running) EXCLUDES(lock_);
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
    class Selection;

    // Looking things up.
    [[nodiscard]] bool exists(Intid id) const;
    [[nodiscard]] bool is_v2_sgi(Interrupt i) const;
    [[nodiscard]] std::uint32_t all_slots() const
    {
        return (std::uint32_t{1} << list_registers_) - 1;
    }
    [[nodiscard]] unsigned bank_count() const
    {
        return 1 + configuration_.spis / interrupts_per_bank;
    }
    [[nodiscard]] gic::DistributorType distributor_type() const;
    /// GICv2's mask of those there are.
    [[nodiscard]] std::uint8_t all_vcpus() const
    {
        return static_cast<std::uint8_t>((1U << configuration_.vcpus) - 1);
    }
    CpuInterface& cpu(VcpuId vcpu) REQUIRES(lock_) { return cpus_[vcpu.value()]; }
    /// `of` matters for private interrupts only.
    Interrupt at(VcpuId of, Intid id) REQUIRES(lock_);
    static Interrupt at(Bank& bank, unsigned position);
    SharedBank& shared(Interrupt i) REQUIRES(lock_);
    std::uint32_t in_enabled_group(const Bank& bank) const REQUIRES(lock_);
    bool is_deliverable(Interrupt i) const REQUIRES(lock_);
    /// Private interrupts outside the list registers that want to be in one.
    std::uint32_t waiting_private(const CpuInterface& c) const REQUIRES(lock_);
    bool has_waiting(const CpuInterface& c) const REQUIRES(lock_);
    VcpuId target_of(Interrupt i) REQUIRES(lock_);

    // A change of an interrupt's state: open it, change it, settle it (vgic_delivery.cpp).
    void open(Interrupt i, VcpuId running) REQUIRES(lock_);
    void settle(Interrupt i, VcpuId running) REQUIRES(lock_);
    void make_pending(Interrupt& i, VcpuId running) REQUIRES(lock_);
    void end_pending(Interrupt& i, VcpuId running) REQUIRES(lock_);
    void make_active(Interrupt& i, VcpuId running) REQUIRES(lock_);
    void end_active(Interrupt& i, VcpuId running) REQUIRES(lock_);
    void hold(Interrupt& i, VcpuId holder) REQUIRES(lock_);
    void place(Interrupt i, VcpuId running) REQUIRES(lock_);
    void queue(Interrupt i) REQUIRES(lock_);
    void unqueue(Interrupt i) REQUIRES(lock_);
    void release_unwanted(Interrupt i) REQUIRES(lock_);
    void follow_enables(Bank& bank) REQUIRES(lock_);
    void follow_route(Interrupt i) REQUIRES(lock_);
    void notify(VcpuId vcpu, VcpuId running) REQUIRES(lock_);
    void change_line(Interrupt& i, bool high) REQUIRES(lock_);
    void reset_bank(Bank& bank) REQUIRES(lock_);
    void reset_private(CpuInterface& c) REQUIRES(lock_);
    static void link(Interrupt i, Intid physical);

    // The list registers of the running vCPU (vgic_list_registers.cpp).
    bool load_directly(CpuInterface& c, Interrupt i) REQUIRES(lock_);
    void adopt_timers(CpuInterface& c) REQUIRES(lock_);
    void fold_slot(CpuInterface& c, unsigned n) REQUIRES(lock_);
    bool repeat_in_slot(CpuInterface& c, Interrupt i, std::uint8_t source) REQUIRES(lock_);
    static void fold_link(Interrupt i, machine::ListRegister lr);
    void fold_again(CpuInterface& c, Interrupt i, unsigned n) REQUIRES(lock_);
    void consume(CpuInterface& c, Interrupt i, unsigned n) REQUIRES(lock_);
    void rewrite_slot(CpuInterface& c, unsigned n) REQUIRES(lock_);
    void write_slot(CpuInterface& c, unsigned n, Interrupt i) REQUIRES(lock_);
    [[nodiscard]] static unsigned choose_slot(const CpuInterface& c, Intid id, std::uint32_t free);
    static void forget_slot(CpuInterface& c, unsigned n, Interrupt i);
    void drop_slot(CpuInterface& c, unsigned n, Interrupt i) REQUIRES(lock_);
    machine::ListRegister compose(const CpuInterface& c, Interrupt i, std::uint8_t source)
        REQUIRES(lock_);
    void refresh_timers(CpuInterface& c) REQUIRES(lock_);
    void fold_all(CpuInterface& c) REQUIRES(lock_);
    void flush_locked(CpuInterface& c) REQUIRES(lock_);
    void count_deactivations(CpuInterface& c) REQUIRES(lock_);
    void follow_private(CpuInterface& c) REQUIRES(lock_);
    void refill(CpuInterface& c) REQUIRES(lock_);
    void make_room(CpuInterface& c, Selection& chosen) REQUIRES(lock_);
    void request(CpuInterface& c, machine::Maintenance causes) REQUIRES(lock_);
    enum class Wanted : std::uint8_t { all, active };
    void consider_waiting(CpuInterface& c, Selection& selection, Wanted which) REQUIRES(lock_);

    // Registers (vgic_interrupt_registers.cpp, vgic_distributor.cpp, vgic_redistributor.cpp).
    enum class Scope : std::uint8_t { distributor, redistributor };
    Bank* visible_bank(Scope scope, VcpuId of, unsigned index) REQUIRES(lock_);
    bool is_known(Bank& bank, VcpuId by) REQUIRES(lock_);
    static std::uint32_t pending_of(const Bank& bank, VcpuId by);
    Read read_interrupts(Scope scope, VcpuId of, VcpuId by, std::uint64_t offset, unsigned size)
        REQUIRES(lock_);
    Read read_fields(Scope scope, VcpuId of, VcpuId by, std::uint64_t offset, unsigned size)
        REQUIRES(lock_);
    Access write_interrupts(Scope scope, VcpuId of, VcpuId by, std::uint64_t offset, unsigned size,
                            std::uint64_t value) REQUIRES(lock_);
    Access write_fields(Scope scope, VcpuId of, VcpuId by, std::uint64_t offset, unsigned size,
                        std::uint64_t value) REQUIRES(lock_);
    void write_bank(Bank& b, VcpuId by, unsigned group, std::uint32_t bits) REQUIRES(lock_);
    void write_trigger(Bank& bank, VcpuId by, unsigned half, std::uint32_t value) REQUIRES(lock_);
    using Change = void (Vgic::*)(Interrupt& i, VcpuId running);
    void change_each(Bank& bank, VcpuId by, std::uint32_t which, Change change) REQUIRES(lock_);
    void flip(Bank& bank, VcpuId by, std::uint32_t Bank::* word, std::uint32_t changed)
        REQUIRES(lock_);
    void private_changed(const Bank& bank, VcpuId by, std::uint32_t which) REQUIRES(lock_);
    void set_priority(Interrupt i, std::uint8_t priority, VcpuId by) REQUIRES(lock_);
    std::uint8_t target_mask(Interrupt i) REQUIRES(lock_);
    void set_targets(Interrupt i, std::uint8_t mask, VcpuId by) REQUIRES(lock_);
    void set_route(Interrupt i, std::uint32_t route, bool any, VcpuId by) REQUIRES(lock_);
    void set_control(gic::DistributorControl value, VcpuId by) REQUIRES(lock_);
    Read read_route(VcpuId by, std::uint64_t offset, unsigned size) REQUIRES(lock_);
    Access write_route(VcpuId by, std::uint64_t offset, unsigned size, std::uint64_t value)
        REQUIRES(lock_);
    void set_asleep(CpuInterface& c, bool asleep, VcpuId by) REQUIRES(lock_);
    void raise_sgi(VcpuId to, Intid sgi, VcpuId from) REQUIRES(lock_);
    void write_sgir(VcpuId by, gic::SoftwareGenerated request) REQUIRES(lock_);
    void change_sgi_sources(VcpuId by, Intid sgi, std::uint8_t senders, bool pending)
        REQUIRES(lock_);

    const VgicConfiguration configuration_;
    const std::uint8_t priority_mask_;
    const unsigned list_registers_;

    Lock<Rank::vgic> lock_;
    std::span<CpuInterface> cpus_ GUARDED_BY(lock_);
    std::span<SharedBank> spis_ GUARDED_BY(lock_);
    gic::DistributorControl control_ GUARDED_BY(lock_);
    /// Counts the reads that had to ask another CPU to fold its list registers.
    std::uint64_t request_clock_ GUARDED_BY(lock_) = 0;
};

} // namespace bulkhead::device
