// The distributor's registers, and INTIDs 0-31's wherever they are (IHI 0048, 4.3; IHI 0069, 12.9).

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/cpu.hpp"
#include "kit/gic.hpp"
#include "kit/system_register.hpp"

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

constexpr std::uint32_t all = ~0U;

RegisterBlock gicd() { return gic::distributor(); }

void identification_tells_the_version()
{
    const bool v3 = gic::version() == gic::Version::v3;
    const auto pidr2 = gicd().read(v3 ? Gicd::PIDR2_V3 : Gicd::PIDR2_V2);
    const auto revision = Gicd::ArchRev::of(pidr2);
    if (v3)
        expect("PIDR2.ArchRev is 3 or 4", revision == 3 || revision == 4);
    else
        expect_equal("PIDR2.ArchRev", revision, 2);
}

void type_fits_the_machine()
{
    const auto type = gicd().read(Gicd::TYPER);
    if (gic::version() == gic::Version::v3) {
        expect("TYPER.IDbits is at least 9", Gicd::Type::IDbits::of(type) >= 9);
    } else {
        expect("TYPER.CPUNumber + 1 is at least the number of CPUs",
               Gicd::Type::CPUNumber::of(type) + 1 >= Cpu::count());
    }
    // The device's own interrupt must be among them.
    if (board().uart != UartKind::none)
        expect("TYPER.ITLinesNumber covers the UART's interrupt",
               board().uart_interrupt.intid.value < gic::interrupts());
}

void reserved_registers_read_zero()
{
    for (const std::uint32_t offset : {0x014U, 0x018U, 0x01cU}) {
        const At<std::uint32_t> reserved{offset};
        gicd().write(reserved, all);
        expect_equal("a reserved word", gicd().read(reserved), 0);
    }
}

void control_keeps_its_enables()
{
    const auto on = gicd().read(Gicd::CTLR);
    using Control = Gicd::Control;
    const auto enables = static_cast<std::uint32_t>(
        gic::version() == gic::Version::v3 ? Control::EnableGrp1A::mask : Control::Enable::mask);
    expect_equal("CTLR, enabled", on & enables, enables);
    gicd().write(Gicd::CTLR, on & ~enables);
    expect_equal("CTLR, disabled", gicd().read(Gicd::CTLR) & enables, 0);
}

void affinity_routing_is_on()
{
    const auto control = gicd().read(Gicd::CTLR);
    expect("CTLR.ARE_NS is 1", Gicd::Control::ARE_NS::of(control));
    expect("CTLR.RWP ends", !Gicd::Control::RWP::of(control));
}

/// Set and clear registers of one kind, on interrupts that nothing else touches.
void check_set_and_clear(Intid intid, AtEach<std::uint32_t> set, AtEach<std::uint32_t> clear)
{
    const auto block = gic::block_of(intid);
    const auto word = intid.value / 32;
    const auto bit = 1U << intid.value % 32;
    expect_equal("the set register at first", block.read(set[word]) & bit, 0);
    block.write(set[word], bit);
    expect_equal("the set register, set", block.read(set[word]) & bit, bit);
    expect_equal("the clear register, set", block.read(clear[word]) & bit, bit);
    block.write(set[word], 0U);
    block.write(clear[word], 0U);
    expect_equal("the set register after zeroes", block.read(set[word]) & bit, bit);
    block.write(clear[word], bit);
    expect_equal("the set register, cleared", block.read(set[word]) & bit, 0);
    expect_equal("the clear register, cleared", block.read(clear[word]) & bit, 0);
}

Intid timer_ppi() { return board().virtual_timer.intid; }

void shared_enable() { check_set_and_clear(the_spare_spi(), Gicd::ISENABLER, Gicd::ICENABLER); }
void shared_pending()
{
    gic::route_here(the_spare_spi()); // a distributor may note what is pending per target
    check_set_and_clear(the_spare_spi(), Gicd::ISPENDR, Gicd::ICPENDR);
}
void shared_active() { check_set_and_clear(the_spare_spi(), Gicd::ISACTIVER, Gicd::ICACTIVER); }
void private_enable() { check_set_and_clear(timer_ppi(), Gicd::ISENABLER, Gicd::ICENABLER); }
void private_pending() { check_set_and_clear(timer_ppi(), Gicd::ISPENDR, Gicd::ICPENDR); }
void private_active() { check_set_and_clear(timer_ppi(), Gicd::ISACTIVER, Gicd::ICACTIVER); }

void set_one_leaves_others()
{
    const auto first = the_spare_spi();
    const auto second = spare_spi(1);
    if (!second) return;
    gic::enable(first);
    gic::enable(*second);
    gic::disable(first);
    expect("disabling one leaves the other enabled", is_enabled(*second));
}

/// Four neighbours, by bytes and as a word.
void check_priorities(Intid first_of_word)
{
    const auto block = gic::block_of(first_of_word);
    const auto n = first_of_word.value;
    for (std::uint32_t k = 0; k < 4; ++k)
        block.write(Gicd::IPRIORITYR_BYTE[n + k], static_cast<std::uint8_t>(0x20 + 0x20 * k));
    expect_equal("IPRIORITYR written by bytes", block.read(Gicd::IPRIORITYR[n / 4]), 0x8060'4020U);
    block.write(Gicd::IPRIORITYR[n / 4], 0x1030'5070U);
    expect_equal("byte 0 of IPRIORITYR", block.read(Gicd::IPRIORITYR_BYTE[n]), 0x70);
    expect_equal("byte 3 of IPRIORITYR", block.read(Gicd::IPRIORITYR_BYTE[n + 3]), 0x10);
}

void shared_priorities()
{
    const auto intid = the_spare_spi();
    check_priorities({intid.value & ~3U});
}
void sgi_priorities() { check_priorities(sgi(4)); }

void priority_keeps_at_least_four_bits()
{
    gic::set_priority(sgi(3), 0xff);
    const auto kept = priority_of(sgi(3));
    expect_equal("the upper four bits of a priority of 0xff", kept & 0xf0U, 0xf0U);
    // Whatever is implemented is the upper part (IHI 0069, 4.8).
    const auto missing = static_cast<std::uint8_t>(~kept);
    expect_equal("a hole in the implemented priority bits", missing & (missing + 1U), 0U);
}

void shared_trigger_is_kept()
{
    const auto intid = the_spare_spi();
    const auto word = Gicd::ICFGR[intid.value / 16];
    const auto edge = 2U << intid.value % 16 * 2;
    gic::set_trigger({.intid = intid, .trigger = Trigger::edge});
    expect_equal("ICFGR, edge", gicd().read(word) & edge, edge);
    gic::set_trigger({.intid = intid, .trigger = Trigger::level});
    expect_equal("ICFGR, level", gicd().read(word) & edge, 0);
}

void sgis_are_edge_triggered()
{
    // SGIs' fields are read-only; the upper bit of each says edge, the lower is reserved.
    const auto block = gic::block_of(sgi(0));
    block.write(Gicd::ICFGR[0], 0U);
    expect_equal("ICFGR0", block.read(Gicd::ICFGR[0]) & 0xaaaa'aaaaU, 0xaaaa'aaaaU);
}

void targets_take_bytes_and_words()
{
    const auto intid = the_spare_spi();
    const auto own = static_cast<std::uint8_t>(gic::interface_mask());
    gicd().write(Gicd::ITARGETSR_BYTE[intid.value], own);
    expect_equal("ITARGETSR byte", gicd().read(Gicd::ITARGETSR_BYTE[intid.value]), own);
    const auto shift = intid.value % 4 * 8;
    expect_equal("ITARGETSR word", gicd().read(Gicd::ITARGETSR[intid.value / 4]) >> shift & 0xffU,
                 own);
    gicd().write(Gicd::ITARGETSR[intid.value / 4], 0U);
    expect_equal("ITARGETSR byte, zero", gicd().read(Gicd::ITARGETSR_BYTE[intid.value]), 0);
}

void private_targets_are_this_cpu()
{
    const auto own = gic::interface_mask();
    expect("ITARGETSR0 has one CPU", own != 0 && (own & (own - 1)) == 0);
    gicd().write(Gicd::ITARGETSR[0], 0U);
    for (std::uint32_t word = 0; word < 8; ++word) {
        // Bytes of PPIs that are not implemented read as zero.
        const auto targets = gicd().read(Gicd::ITARGETSR[word]);
        expect_equal("ITARGETSR0-7 name another CPU", targets & ~(own * 0x0101'0101U), 0U);
    }
    expect_equal("ITARGETSR0 after a write", gicd().read(Gicd::ITARGETSR[0]), own * 0x0101'0101U);
}

void routing_takes_64_bits()
{
    const auto where = Gicd::IROUTER[the_spare_spi().value];
    const auto own = MPIDR_EL1::read() & MPIDR_EL1::affinity_mask;
    constexpr std::uint64_t any_cpu = 1ULL << 31U; // IRM
    gicd().write(where, own);
    expect_equal("IROUTER, this CPU", gicd().read(where), own);
    if (Gicd::Type::No1N::of(gicd().read(Gicd::TYPER))) return;
    gicd().write(where, any_cpu);
    expect_equal("IROUTER.IRM", gicd().read(where) & any_cpu, any_cpu);
    gicd().write(where, own);
    expect_equal("IROUTER, this CPU again", gicd().read(where), own);
}

void routing_halves_take_32_bits()
{
    const auto intid = the_spare_spi();
    const At<std::uint32_t> low{Gicd::IROUTER[intid.value].offset};
    const At<std::uint32_t> high{Gicd::IROUTER[intid.value].offset + 4};
    const auto own = MPIDR_EL1::read() & MPIDR_EL1::affinity_mask;
    gicd().write(low, static_cast<std::uint32_t>(own));
    gicd().write(high, static_cast<std::uint32_t>(own >> 32U));
    expect_equal("IROUTER, written by halves", gicd().read(Gicd::IROUTER[intid.value]), own);
    expect_equal("IROUTER, the low half", gicd().read(low), static_cast<std::uint32_t>(own));
}

void affinity_routing_hides_private_registers()
{
    // With ARE, INTIDs 0-31 are at the redistributor and the distributor's are RES0 (IHI
    // 0069, 12.9).
    constexpr std::uint32_t one = 1U << 12U;
    gicd().write(Gicd::ISENABLER[0], one);
    expect_equal("GICD_ISENABLER0", gicd().read(Gicd::ISENABLER[0]), 0);
    gicd().write(Gicd::IPRIORITYR[3], 0xa0U);
    expect_equal("GICD_IPRIORITYR3", gicd().read(Gicd::IPRIORITYR[3]), 0);
    gicd().write(Gicd::ISPENDR[0], one);
    expect_equal("GICD_ISPENDR0", gicd().read(Gicd::ISPENDR[0]), 0);
    expect("nothing is signalled", stays_quiet());
}

void affinity_routing_hides_targets()
{
    const auto where = Gicd::ITARGETSR[the_spare_spi().value / 4];
    gicd().write(where, all);
    expect_equal("GICD_ITARGETSRn", gicd().read(where), 0);
}

void missing_interrupts_read_zero()
{
    const auto beyond = gic::interrupts();
    if (beyond + 32 > 992) return;
    gicd().write(Gicd::ISENABLER[beyond / 32], all);
    expect_equal("ISENABLER behind the last interrupt", gicd().read(Gicd::ISENABLER[beyond / 32]),
                 0);
    gicd().write(Gicd::IPRIORITYR[beyond / 4], all);
    expect_equal("IPRIORITYR behind the last interrupt", gicd().read(Gicd::IPRIORITYR[beyond / 4]),
                 0);
}

void disabled_distributor_forwards_nothing()
{
    enable(sgi(5));
    const auto on = gicd().read(Gicd::CTLR);
    gicd().write(Gicd::CTLR, on & ~static_cast<std::uint32_t>(Gicd::Control::EnableGrp1::mask |
                                                              Gicd::Control::EnableGrp1A::mask));
    send_to_self(sgi(5));
    expect("nothing is signalled while disabled", stays_quiet());
    gicd().write(Gicd::CTLR, on);
    const auto taken = take();
    expect_equal("the interrupt once enabled", taken.intid().value, 5);
    machine::end(taken);
}

constexpr Check checks[] = {
    {"distributor.identification_tells_the_version", identification_tells_the_version},
    {"distributor.type_fits_the_machine", type_fits_the_machine},
    {"distributor.reserved_registers_read_zero", reserved_registers_read_zero},
    {"distributor.control_keeps_its_enables", control_keeps_its_enables},
    {"distributor.affinity_routing_is_on", affinity_routing_is_on, Needs::gic_v3},
    {"distributor.enable_of_shared_sets_and_clears", shared_enable, Needs::spare_spi},
    {"distributor.pending_of_shared_sets_and_clears", shared_pending, Needs::spare_spi},
    {"distributor.active_of_shared_sets_and_clears", shared_active, Needs::spare_spi},
    {"distributor.enable_of_private_sets_and_clears", private_enable},
    {"distributor.pending_of_private_sets_and_clears", private_pending},
    {"distributor.active_of_private_sets_and_clears", private_active},
    {"distributor.set_one_leaves_others", set_one_leaves_others, Needs::spare_spi},
    {"distributor.priorities_of_shared_take_bytes_and_words", shared_priorities, Needs::spare_spi},
    {"distributor.priorities_of_sgis_take_bytes_and_words", sgi_priorities},
    {"distributor.priority_keeps_at_least_four_bits", priority_keeps_at_least_four_bits},
    {"distributor.trigger_of_shared_is_kept", shared_trigger_is_kept, Needs::spare_spi},
    {"distributor.sgis_are_edge_triggered", sgis_are_edge_triggered},
    {"distributor.targets_take_bytes_and_words", targets_take_bytes_and_words,
     Needs::gic_v2_two_cpus},
    {"distributor.private_targets_are_this_cpu", private_targets_are_this_cpu,
     Needs::gic_v2_two_cpus},
    {"distributor.routing_takes_64_bits", routing_takes_64_bits, Needs::gic_v3},
    {"distributor.routing_halves_take_32_bits", routing_halves_take_32_bits, Needs::gic_v3},
    {"distributor.affinity_routing_hides_private_registers",
     affinity_routing_hides_private_registers, Needs::gic_v3},
    {"distributor.affinity_routing_hides_targets", affinity_routing_hides_targets, Needs::gic_v3},
    {"distributor.missing_interrupts_read_zero", missing_interrupts_read_zero},
    {"distributor.disabled_forwards_nothing", disabled_distributor_forwards_nothing},
};

} // namespace

constinit const Group distributor_group = checks;

} // namespace bulkhead::guest::conformance
