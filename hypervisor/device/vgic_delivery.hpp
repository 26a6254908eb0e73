#pragma once

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
/// Bits 31:24 are Aff3, as in GICR_TYPER.
constexpr std::uint32_t affinity_of(VcpuId vcpu)
{
    return (vcpu.value() & 0xf) | (vcpu.value() >> 4) << 8;
}

/// The virtual GIC's interrupts and their way to the vCPUs, without the registers in front of them
/// and without a lock: the Vgic has both.
///
/// An interrupt is in memory, or *resident* in a list register of the one vCPU that holds it; then
/// the guest changes it without a trap, and the list register is *folded* back into memory by the
/// CPU that runs this vCPU. Whoever wants a change there records it and notifies the vCPU.
/// `running` is the vCPU that the calling CPU runs, whose list registers are loaded, or nobody.
class VgicDelivery {
public:
    VgicDelivery(const VgicConfiguration& configuration, std::span<std::byte> memory);

    // What there is.
    [[nodiscard]] bool is_v2() const { return configuration_.version == GicVersion::v2; }
    [[nodiscard]] bool exists(Intid id) const;
    CpuInterface& cpu(VcpuId vcpu) { return cpus_[vcpu.value()]; }
    std::span<CpuInterface> cpus() { return cpus_; }
    std::span<SharedBank> spi_banks() { return spis_; }
    /// `of` matters for private interrupts only.
    Interrupt at(VcpuId of, Intid id);
    static Interrupt at(Bank& bank, unsigned position);
    SharedBank& shared(Interrupt i) { return spis_[i.bank->index - 1U]; }

    static void link(Interrupt i, Intid physical);
    void reset();
    void reset_private(CpuInterface& c);

    // A change of an interrupt's state (vgic_delivery.cpp): open it, change it, settle it.
    /// Before a change: memory says what is, as far as this CPU can know.
    void open(Interrupt i, VcpuId running);
    /// After a change: the list registers, or the vCPU that holds them, learn of it.
    void settle(Interrupt i, VcpuId running);
    enum class Change : std::uint8_t { set_pending, clear_pending, set_active, clear_active };
    void change(Interrupt i, Change what, VcpuId running);
    /// Makes several SPIs pending that have nothing to do with list registers or the physical GIC;
    /// says which are left.
    std::uint32_t raise(SharedBank& bank, std::uint32_t which, VcpuId running);
    void set_line(Interrupt i, bool high);
    void physical_arrived(Interrupt i, VcpuId running);
    void set_route(Interrupt i, std::uint32_t route, bool any, VcpuId running);
    void set_groups(gic::DistributorControl control, VcpuId running);
    void set_asleep(CpuInterface& c, bool asleep, VcpuId running);
    /// Linked interrupts are enabled at the physical GIC while they could be signalled.
    void follow_enables(Bank& bank);
    [[nodiscard]] gic::DistributorControl control() const { return control_; }
    void notify(VcpuId vcpu, VcpuId running);
    /// Does it come to the guest when its input says so?
    [[nodiscard]] bool can_signal(Interrupt i) const
    {
        return (i.bank->enabled & in_enabled_group(*i.bank) & ~(i.bank->active | i.bank->held) &
                i.mask()) != 0;
    }
    /// Before a guest's access changes anything of these SPIs: no interrupt path has them any more.
    /// Else those who have were asked for them.
    [[nodiscard]] bool reclaim(SharedBank& bank, std::uint32_t which, VcpuId running);
    [[nodiscard]] bool reclaim_all(VcpuId running);
    /// Does memory know the pending and active states of a bank? Else those who do were asked.
    bool is_known(Bank& bank, VcpuId running);

    // The list registers of the running vCPU (vgic_list_registers.cpp).
    /// What the interrupt path put into list registers by itself.
    void adopt(CpuInterface& c);
    void fold_all(CpuInterface& c);
    void refresh_timers(CpuInterface& c);

    // All of them (vgic_flush.cpp).
    void flush(CpuInterface& c);
    bool has_deliverable(CpuInterface& c);
    void load(CpuInterface& c);
    void save(CpuInterface& c);

    // Software generated ones (vgic_sgi.cpp).
    /// The short way: if the guest is through with list register `n` of this SGI, it is pending
    /// there once more.
    [[gnu::noinline]] bool repeat(CpuInterface& c, Intid sgi, unsigned n);
    /// No more of a flush than others' changes call for.
    [[gnu::noinline]] void refresh(CpuInterface& c);

private:
    class Selection;
    using ListRegister = machine::ListRegister;

    [[nodiscard]] bool is_v2_sgi(Interrupt i) const { return is_v2() && i.is_sgi(); }
    [[nodiscard]] std::uint32_t all_slots() const { return mask_of(list_registers_) - 1; }
    [[nodiscard]] std::uint32_t in_enabled_group(const Bank& bank) const
    {
        const auto group0 = control_.get(gic::DistributorControl::enable_group0) ? ~bank.group1 : 0;
        const auto group1 = control_.get(gic::DistributorControl::enable_group1) ? bank.group1 : 0;
        return group0 | group1;
    }
    [[nodiscard]] bool is_deliverable(Interrupt i) const;
    VcpuId target_of(Interrupt i);

    static void make_pending(Interrupt i, VcpuId running);
    void hold(Interrupt& i, VcpuId holder);
    void place(Interrupt i, VcpuId running);
    void queue(Interrupt i);
    void unqueue(Interrupt i);
    void release_unwanted(Interrupt i);
    void follow_route(Interrupt i);
    void reset_bank(Bank& bank);

    bool load_directly(CpuInterface& c, Interrupt i);
    bool lend(CpuInterface& c, Interrupt i);
    void recall(CpuInterface& c, unsigned entry);
    void recall_all(CpuInterface& c);
    [[nodiscard]] std::uint32_t open_list_registers(const CpuInterface& c) const;
    void fold_slot(CpuInterface& c, unsigned n);
    static void fold_link(Interrupt i, ListRegister lr);
    void fold_again(CpuInterface& c, Interrupt i, unsigned n);
    void consume(CpuInterface& c, Interrupt i, unsigned n);
    void rewrite_slot(CpuInterface& c, unsigned n);
    void write_slot(CpuInterface& c, unsigned n, Interrupt i);
    static void forget_slot(CpuInterface& c, unsigned n, Interrupt i);
    static void drop_slot(CpuInterface& c, unsigned n, Interrupt i);
    [[nodiscard]] static unsigned choose_slot(const CpuInterface& c, Intid id, std::uint32_t free);
    ListRegister compose(const CpuInterface& c, Interrupt i, std::uint8_t source);

    void count_deactivations(CpuInterface& c);
    void follow_private(CpuInterface& c);
    Bank& bank_of(CpuInterface& c, unsigned index) { return index == 0 ? c.own : spis_[index - 1]; }
    void fill_slot(CpuInterface& c, Interrupt i);
    void refill(CpuInterface& c);
    void refill_crowded(CpuInterface& c);
    void choose(CpuInterface& c, Selection& chosen);
    static void request(CpuInterface& c, machine::Maintenance causes);

    const VgicConfiguration configuration_;
    const unsigned list_registers_;
    std::span<CpuInterface> cpus_;
    std::span<SharedBank> spis_;
    gic::DistributorControl control_;
    /// Counts the reads that had to ask another CPU to fold its list registers.
    std::uint64_t request_clock_ = 0;
};

} // namespace bulkhead::device
