// GICv3's redistributors (IHI 0069, 12.10 and 12.11).

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/cpu.hpp"
#include "kit/gic.hpp"
#include "kit/system_register.hpp"

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

RegisterBlock own() { return gic::redistributor(); }

void type_names_this_cpu()
{
    const auto mpidr = MPIDR_EL1::read();
    expect_equal("GICR_TYPER.Affinity_Value",
                 Gicr::Type::Affinity_Value::of(own().read(Gicr::TYPER)),
                 (mpidr >> 8U & 0xff00'0000U) | (mpidr & 0xff'ffffU));
}

void type_takes_32_bits()
{
    const auto whole = own().read(Gicr::TYPER);
    expect_equal("the low half of GICR_TYPER", own().read(Gicr::TYPER_WORD[0]),
                 static_cast<std::uint32_t>(whole));
    expect_equal("the high half of GICR_TYPER", own().read(Gicr::TYPER_WORD[1]), whole >> 32U);
}

void each_cpu_has_one()
{
    unsigned found = 0;
    unsigned last = 0;
    for (const auto& region : board().gic.redistributors) {
        auto at = region.start;
        while (at < region.end()) {
            const auto type = RegisterBlock{at}.read(Gicr::TYPER);
            ++found;
            if (Gicr::Type::Last::of(type)) {
                ++last;
                break;
            }
            at += Gicr::frame_size * (Gicr::Type::VLPIS::of(type) ? 4U : 2U);
        }
    }
    expect_equal("redistributors", found, Cpu::count());
    expect("a region ends with GICR_TYPER.Last", last >= 1);
}

void identification_tells_the_version()
{
    const auto revision = Gicd::ArchRev::of(own().read(Gicr::PIDR2));
    expect("GICR_PIDR2.ArchRev is 3 or 4", revision == 3 || revision == 4);
}

void wakes_and_sleeps()
{
    expect_equal("GICR_WAKER, awake", own().read(Gicr::WAKER) & 6U, 0);
    // To sleep the CPU interface must be quiet (IHI 0069, GICR_WAKER).
    ICC_IGRPEN1_EL1::write(0);
    own().write(Gicr::WAKER, static_cast<std::uint32_t>(Gicr::Waker::ProcessorSleep::mask));
    expect("GICR_WAKER.ChildrenAsleep follows ProcessorSleep",
           within(soon, [] { return Gicr::Waker::ChildrenAsleep::of(own().read(Gicr::WAKER)); }));
    own().write(Gicr::WAKER, 0U);
    expect("GICR_WAKER.ChildrenAsleep ends",
           within(soon, [] { return !Gicr::Waker::ChildrenAsleep::of(own().read(Gicr::WAKER)); }));
}

void sgi_can_be_made_pending()
{
    enable(sgi(6));
    gic::set_pending(sgi(6));
    const auto taken = take();
    expect_equal("the interrupt", taken.intid().value, 6);
    machine::end(taken);
    expect("it came once", stays_quiet());
}

void other_cpus_redistributor_is_accessible()
{
    // An OS may set up another CPU's private interrupts before that runs.
    const auto mine = own().base();
    for (const auto& region : board().gic.redistributors)
        for (auto at = region.start; at < region.end();) {
            const RegisterBlock other{at};
            const auto type = other.read(Gicr::TYPER);
            if (at != mine) {
                const RegisterBlock frame{at + Gicr::frame_size};
                frame.write(Gicd::IPRIORITYR[0], 0x1020'3040U);
                expect_equal("IPRIORITYR0 of another CPU", frame.read(Gicd::IPRIORITYR[0]),
                             0x1020'3040U);
                expect("this CPU's IPRIORITYR0 is another one",
                       gic::block_of(sgi(0)).read(Gicd::IPRIORITYR[0]) != 0x1020'3040U);
                return;
            }
            if (Gicr::Type::Last::of(type)) break;
            at += Gicr::frame_size * (Gicr::Type::VLPIS::of(type) ? 4U : 2U);
        }
}

constexpr Check checks[] = {
    {"redistributor.type_names_this_cpu", type_names_this_cpu, Needs::gic_v3},
    {"redistributor.type_takes_32_bits", type_takes_32_bits, Needs::gic_v3},
    {"redistributor.each_cpu_has_one", each_cpu_has_one, Needs::gic_v3},
    {"redistributor.identification_tells_the_version", identification_tells_the_version,
     Needs::gic_v3},
    {"redistributor.wakes_and_sleeps", wakes_and_sleeps, Needs::gic_v3},
    {"redistributor.sgi_can_be_made_pending", sgi_can_be_made_pending, Needs::gic_v3},
    {"redistributor.other_cpus_is_accessible", other_cpus_redistributor_is_accessible,
     Needs::gic_v3},
};

} // namespace

constinit const Group redistributor_group = checks;

} // namespace bulkhead::guest::conformance
