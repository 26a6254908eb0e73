#include "kit/gic.hpp"

#include "kit/barrier.hpp"
#include "kit/cpu.hpp"
#include "kit/stop.hpp"
#include "kit/system_register.hpp"

namespace bulkhead::guest::gic {
namespace {

constinit Description the_description{};
constinit RegisterBlock the_distributor;
constinit RegisterBlock the_cpu_interface;
constinit std::array<RegisterBlock, Cpu::limit> redistributors{};
constinit std::array<std::uint32_t, Cpu::limit> interface_masks{};

constexpr std::uint32_t word_of(Intid intid) { return intid.value / 32; }
constexpr std::uint32_t bit_of(Intid intid) { return 1U << intid.value % 32; }
constexpr std::uint32_t all = ~0U;

void wait_for_distributor()
{
    if (version() == Version::v2) return;
    while (Gicd::Control::RWP::of(the_distributor.read(Gicd::CTLR)))
        relax();
}

/// Bring 32 interrupts to the state that start() promises.
void reset_word(RegisterBlock block, unsigned word)
{
    block.write(Gicd::ICENABLER[word], all);
    if (version() == Version::v3) block.write(Gicd::IGROUPR[word], all);
    block.write(Gicd::ICPENDR[word], all);
    // Xen's distributor knows no write to ICACTIVER and logs it: only where something is active.
    if (const auto active = block.read(Gicd::ISACTIVER[word]); active != 0)
        block.write(Gicd::ICACTIVER[word], active);
    for (unsigned n = 0; n < 8; ++n)
        block.write(Gicd::IPRIORITYR[word * 8U + n], default_priority * 0x0101'0101U);
}

/// This CPU's redistributor: the frame whose affinity is its own.
RegisterBlock find_redistributor()
{
    const auto mpidr = MPIDR_EL1::read();
    const auto affinity = (mpidr >> 8U & 0xff00'0000U) | (mpidr & 0xff'ffffU);
    for (const auto& region : the_description.redistributors) {
        auto at = region.start;
        while (at < region.end()) {
            const RegisterBlock frame{at};
            const auto type = frame.read(Gicr::TYPER);
            if (Gicr::Type::Affinity_Value::of(type) == affinity) return frame;
            if (Gicr::Type::Last::of(type)) break;
            at += Gicr::frame_size * (Gicr::Type::VLPIS::of(type) ? 4U : 2U);
        }
    }
    stop("no redistributor has this CPU's affinity: compare the GIC's reg with MPIDR_EL1");
}

void start_cpu_v2()
{
    // The first eight ITARGETSR bytes read as the reading CPU's bit (IHI 0048, 4.3.12).
    interface_masks[Cpu::current()] = the_distributor.read(Gicd::ITARGETSR_BYTE[0]);
    reset_word(the_distributor, 0);
    the_cpu_interface.write(Gicc::APR0, 0U);
    the_cpu_interface.write(Gicc::PMR, 0xffU);
    the_cpu_interface.write(Gicc::BPR, 0U);
    the_cpu_interface.write(Gicc::CTLR, static_cast<std::uint32_t>(Gicc::Control::Enable::mask));
}

void start_cpu_v3()
{
    const auto frame = find_redistributor();
    redistributors[Cpu::current()] = frame;
    frame.write(Gicr::WAKER, 0U);
    while (Gicr::Waker::ChildrenAsleep::of(frame.read(Gicr::WAKER)))
        relax();
    reset_word(RegisterBlock{frame.base() + Gicr::frame_size}, 0);
    while (Gicr::Control::RWP::of(frame.read(Gicr::CTLR)))
        relax();

    ICC_SRE_EL1::write(ICC_SRE_EL1::SRE::mask);
    instruction_barrier();
    if (!ICC_SRE_EL1::SRE::of(ICC_SRE_EL1::read()))
        stop("GICv3 without its system registers: ICC_SRE_EL1.SRE does not stay 1");
    ICC_AP1R0_EL1::write(0);
    ICC_PMR_EL1::write(0xff);
    ICC_BPR1_EL1::write(0);
    ICC_CTLR_EL1::write(0);
    ICC_IGRPEN1_EL1::write(1);
    instruction_barrier();
}

void write_sgi1r(std::uint64_t value)
{
    data_barrier(); // what the other CPU shall see is written before it is told
    ICC_SGI1R_EL1::write(value);
    instruction_barrier();
}

void write_sgir(std::uint64_t value)
{
    data_barrier();
    the_distributor.write(Gicd::SGIR, static_cast<std::uint32_t>(value));
}

} // namespace

void start(const Description& description)
{
    the_description = description;
    the_distributor = RegisterBlock{description.distributor.start};
    the_cpu_interface = RegisterBlock{description.cpu_interface.start};

    // Disabled first. Affinity routing once on stays on: off again is UNPREDICTABLE (IHI 0069,
    // GICD_CTLR.ARE_NS).
    const auto disabled = version() == Version::v3 ? Gicd::Control::ARE_NS::mask : 0;
    the_distributor.write(Gicd::CTLR, static_cast<std::uint32_t>(disabled));
    wait_for_distributor();
    for (unsigned word = 1; word < interrupts() / 32; ++word) {
        reset_word(the_distributor, word);
        the_distributor.write(Gicd::ICFGR[word * 2U], 0U);
        the_distributor.write(Gicd::ICFGR[word * 2U + 1], 0U);
    }
    start_cpu();
    using Control = Gicd::Control;
    the_distributor.write(Gicd::CTLR, static_cast<std::uint32_t>(
                                          version() == Version::v3
                                              ? Control::ARE_NS::mask | Control::EnableGrp1A::mask |
                                                    Control::EnableGrp1::mask
                                              : Control::Enable::mask));
    wait_for_distributor();
}

void start_cpu() { version() == Version::v3 ? start_cpu_v3() : start_cpu_v2(); }

Version version() { return the_description.version; }

unsigned interrupts()
{
    const auto lines = Gicd::Type::ITLinesNumber::of(the_distributor.read(Gicd::TYPER));
    return lines == 31 ? 1020U : static_cast<unsigned>(lines + 1) * 32U;
}

RegisterBlock distributor() { return the_distributor; }
RegisterBlock redistributor() { return redistributors[Cpu::current()]; }
RegisterBlock cpu_interface() { return the_cpu_interface; }
std::uint32_t interface_mask() { return interface_masks[Cpu::current()]; }

RegisterBlock block_of(Intid intid)
{
    if (version() == Version::v3 && intid.is_private())
        return RegisterBlock{redistributor().base() + Gicr::frame_size};
    return the_distributor;
}

void enable(Intid intid) { block_of(intid).write(Gicd::ISENABLER[word_of(intid)], bit_of(intid)); }

void disable(Intid intid)
{
    block_of(intid).write(Gicd::ICENABLER[word_of(intid)], bit_of(intid));
    if (version() == Version::v3 && intid.is_private()) {
        while (Gicr::Control::RWP::of(redistributor().read(Gicr::CTLR)))
            relax();
    } else {
        wait_for_distributor();
    }
}

void set_trigger(Interrupt interrupt)
{
    const auto block = block_of(interrupt.intid);
    const auto where = Gicd::ICFGR[interrupt.intid.value / 16];
    const auto edge = 2U << interrupt.intid.value % 16 * 2;
    const auto others = block.read(where) & ~edge;
    block.write(where, interrupt.trigger == Trigger::edge ? others | edge : others);
}

void set_priority(Intid intid, std::uint8_t priority)
{
    block_of(intid).write(Gicd::IPRIORITYR_BYTE[intid.value], priority);
}

void route_here(Intid intid)
{
    if (version() == Version::v3)
        the_distributor.write(Gicd::IROUTER[intid.value],
                              MPIDR_EL1::read() & MPIDR_EL1::affinity_mask);
    else
        the_distributor.write(Gicd::ITARGETSR_BYTE[intid.value],
                              static_cast<std::uint8_t>(interface_mask()));
}

void set_pending(Intid intid)
{
    block_of(intid).write(Gicd::ISPENDR[word_of(intid)], bit_of(intid));
}

Acknowledged acknowledge()
{
    if (version() == Version::v2) return {the_cpu_interface.read(Gicc::IAR)};
    const auto raw = ICC_IAR1_EL1::read();
    asm volatile("dsb sy" ::: "memory"); // IHI 0069, 4.1.1: before the device is looked at
    return {static_cast<std::uint32_t>(raw)};
}

void end(Acknowledged interrupt)
{
    if (version() == Version::v2) {
        the_cpu_interface.write(Gicc::EOIR, interrupt.raw);
    } else {
        ICC_EOIR1_EL1::write(interrupt.raw);
        instruction_barrier();
    }
}

std::uint64_t sgi_request(Intid intid, unsigned cpu)
{
    if (version() == Version::v2)
        return Gicd::Sgi::TargetListFilter::put(Gicd::Sgi::listed) |
               Gicd::Sgi::CPUTargetList::put(interface_masks[cpu]) |
               Gicd::Sgi::INTID::put(intid.value);
    const auto affinity = Cpu::affinity(cpu);
    using Sgi1 = ICC_SGI1R_EL1;
    return Sgi1::TargetList::put(1ULL << (affinity & 0xfU)) | Sgi1::RS::put(affinity >> 4U & 0xfU) |
           Sgi1::Aff1::put(affinity >> 8U & 0xffU) | Sgi1::Aff2::put(affinity >> 16U & 0xffU) |
           Sgi1::Aff3::put(affinity >> 32U & 0xffU) | Sgi1::INTID::put(intid.value);
}

void send_sgi(Intid intid, unsigned cpu)
{
    const auto request = sgi_request(intid, cpu);
    version() == Version::v2 ? write_sgir(request) : write_sgi1r(request);
}

void send_sgi_to_others(Intid intid)
{
    if (version() == Version::v2)
        write_sgir(Gicd::Sgi::TargetListFilter::put(Gicd::Sgi::all_others) |
                   Gicd::Sgi::INTID::put(intid.value));
    else
        write_sgi1r(ICC_SGI1R_EL1::IRM::put(true) | ICC_SGI1R_EL1::INTID::put(intid.value));
}

} // namespace bulkhead::guest::gic
