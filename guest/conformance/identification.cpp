// Identification registers: all readable, and what they say is so (Arm ARM, "ID registers").

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/cpu.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/system_register.hpp"

#include <array>
#include <atomic>
#include <utility>

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

/// The space of feature registers: op0 3, op1 0, CRn 0, CRm 1-7; what is not allocated reads zero.
template <std::size_t... Ns>
constexpr auto feature_readers(std::index_sequence<Ns...>)
{
    return std::array{&SystemRegister<3, 0, 0, static_cast<unsigned>(1 + Ns / 8), Ns % 8>::read...};
}
constexpr auto features = feature_readers(std::make_index_sequence<std::size_t{7 * 8}>{});

void every_feature_register_reads()
{
    for (const auto read : features)
        if (const auto fault = guarded([read] { (void)read(); }); fault) {
            expect_equal("no exception; ESR", fault->esr, 0U);
            return;
        }
}

bool is_undefined(void (*access)())
{
    const auto fault = guarded([access] { access(); });
    return fault && ESR_EL1::EC::of(fault->esr) == ESR_EL1::unknown;
}

void exception_levels_are_sane()
{
    const auto id = ID_AA64PFR0_EL1::read();
    const auto el0 = ID_AA64PFR0_EL1::EL0::of(id);
    const auto el1 = ID_AA64PFR0_EL1::EL1::of(id);
    expect("EL0 is there", el0 == 1 || el0 == 2);
    expect("EL1 is there", el1 == 1 || el1 == 2);
}

void floating_point_agrees()
{
    const auto id = ID_AA64PFR0_EL1::read();
    expect_equal("FP and AdvSIMD", ID_AA64PFR0_EL1::FP::of(id), ID_AA64PFR0_EL1::AdvSIMD::of(id));
}

void gic_field_agrees_with_the_tree()
{
    const bool has_system_registers = ID_AA64PFR0_EL1::GIC::of(ID_AA64PFR0_EL1::read()) != 0;
    if (gic::version() == gic::Version::v3)
        expect("ID_AA64PFR0_EL1.GIC is not 0 with a GICv3", has_system_registers);
    else if (has_system_registers)
        expect("the ICC_ registers do not fault when ID_AA64PFR0_EL1.GIC is not 0",
               !is_undefined([] { (void)ICC_SRE_EL1::read(); }));
}

void affinity_agrees_with_the_tree()
{
    const auto mpidr = MPIDR_EL1::read();
    expect("MPIDR_EL1 bit 31 is 1", Bit<31>::of(mpidr));
    expect_equal("the affinity", mpidr & MPIDR_EL1::affinity_mask, Cpu::affinity(0));
}

void memory_model_is_sane()
{
    const auto id = ID_AA64MMFR0_EL1::read();
    expect("PARange is at most 6", ID_AA64MMFR0_EL1::PARange::of(id) <= 6);
    const auto granule = ID_AA64MMFR0_EL1::TGran4::of(id);
    expect("pages of 4 KiB are there", granule == 0 || granule == 1);
    const auto line = CTR_EL0::DminLine::of(CTR_EL0::read());
    expect("CTR_EL0.DminLine is 16 bytes to 2 KiB", line >= 2 && line <= 9);
}

void vector_extension_agrees()
{
    using ZCR_EL1 = SystemRegister<3, 0, 1, 2, 0>;
    const bool announced = ID_AA64PFR0_EL1::SVE::of(ID_AA64PFR0_EL1::read()) != 0;
    if (!announced)
        expect("ZCR_EL1 is undefined when SVE is 0", is_undefined([] { (void)ZCR_EL1::read(); }));
}

void pointer_authentication_agrees()
{
    using APIAKeyLo_EL1 = SystemRegister<3, 0, 2, 1, 0>;
    using Algorithms = Field<11, 4>; // APA and API
    using Generic = Field<31, 24>;   // GPA and GPI
    const auto id = ID_AA64ISAR1_EL1::read();
    const bool announced = Algorithms::of(id) != 0 || Generic::of(id) != 0;
    expect_equal("APIAKeyLo_EL1 is undefined", is_undefined([] { (void)APIAKeyLo_EL1::read(); }),
                 !announced);
}

void memory_tagging_agrees()
{
    using TFSR_EL1 = SystemRegister<3, 0, 5, 6, 0>;
    using MTE = Field<11, 8>;
    if (MTE::of(ID_AA64PFR1_EL1::read()) < 2)
        expect("TFSR_EL1 is undefined without MTE", is_undefined([] { (void)TFSR_EL1::read(); }));
}

void error_records_agree()
{
    using ERRIDR_EL1 = SystemRegister<3, 0, 5, 3, 0>;
    using RAS = Field<31, 28>;
    const bool announced = RAS::of(ID_AA64PFR0_EL1::read()) != 0;
    expect_equal("ERRIDR_EL1 is undefined", is_undefined([] { (void)ERRIDR_EL1::read(); }),
                 !announced);
}

void limited_ordering_agrees()
{
    using LORID_EL1 = SystemRegister<3, 0, 10, 4, 7>;
    using LO = Field<19, 16>;
    const bool announced = LO::of(ID_AA64MMFR1_EL1::read()) != 0;
    expect_equal("LORID_EL1 is undefined", is_undefined([] { (void)LORID_EL1::read(); }),
                 !announced);
}

constinit std::array<std::uint64_t, features.size()> here{};
constinit std::atomic<unsigned> differences{0};
constinit std::atomic<std::uint64_t> other_midr{0};
constinit std::atomic<std::uint64_t> other_mpidr{0};

void compare_features()
{
    for (std::size_t n = 0; n < features.size(); ++n)
        if (features[n]() != here[n]) differences.fetch_add(1);
    other_midr = MIDR_EL1::read();
    other_mpidr = MPIDR_EL1::read();
}

void cpus_are_alike()
{
    differences = 0;
    for (std::size_t n = 0; n < features.size(); ++n)
        here[n] = features[n]();
    expect("CPU 1 starts", start_second_cpu(compare_features));
    expect("CPU 1 ends", second_cpu_ends());
    expect_equal("feature registers that differ", differences.load(), 0U);
    expect_equal("MIDR_EL1 of CPU 1", other_midr.load(), MIDR_EL1::read());
    expect_equal("the affinity of CPU 1", other_mpidr.load() & MPIDR_EL1::affinity_mask,
                 Cpu::affinity(1));
}

constexpr Check checks[] = {
    {"identification.every_feature_register_reads", every_feature_register_reads},
    {"identification.exception_levels_are_sane", exception_levels_are_sane},
    {"identification.floating_point_agrees", floating_point_agrees},
    {"identification.gic_field_agrees_with_the_tree", gic_field_agrees_with_the_tree},
    {"identification.affinity_agrees_with_the_tree", affinity_agrees_with_the_tree},
    {"identification.memory_model_is_sane", memory_model_is_sane},
    {"identification.vector_extension_agrees", vector_extension_agrees},
    {"identification.pointer_authentication_agrees", pointer_authentication_agrees},
    {"identification.memory_tagging_agrees", memory_tagging_agrees},
    {"identification.error_records_agree", error_records_agree},
    {"identification.limited_ordering_agrees", limited_ordering_agrees},
    {"identification.cpus_are_alike", cpus_are_alike, Needs::two_cpus},
};

} // namespace

constinit const Group identification_group = checks;

} // namespace bulkhead::guest::conformance
