#include "arm64/speculation.hpp"

#include "arm64/entry_constants.h"
#include "arm64/firmware.hpp"
#include "arm64/per_cpu.hpp"
#include "arm64/system_register.hpp"
#include "base/bits.hpp"
#include "base/log.hpp"
#include "machine/speculation.hpp"

#include <algorithm>
#include <cstddef>

extern "C" const char vectors_hardened[];

namespace bulkhead::arm64 {

static_assert(offsetof(machine::RunningVcpu, cpu) == RUNNING_VCPU_CPU);
static_assert(offsetof(machine::PerCpu, branch_barrier) == PER_CPU_BRANCH_BARRIER);

namespace {

using machine::Workaround;

BULKHEAD_SYSTEM_REGISTER(ID_AA64PFR0_EL1);
BULKHEAD_SYSTEM_REGISTER_AS(ID_AA64ISAR2_EL1, "S3_0_C0_C6_2");

constexpr std::uint32_t smccc_arch_features = 0x8000'0001;
constexpr std::uint32_t clear_branch_history = 1; // the instruction CLRBHB

constexpr std::int8_t here = 0;
constexpr std::int8_t not_needed = 1;
constexpr std::int8_t not_to_be_had = -1;

/// Arm's own CPUs by MIDR_EL1.PartNum: the rounds of branches that replace the whole history (Arm,
/// "Spectre-BHB", 2022), or none where there is nothing to steer. Others have to ask their
/// firmware.
constexpr struct Part {
    std::uint16_t number;
    std::uint8_t rounds;
} parts[] = {
    {0xd03, 0},  // Cortex-A53
    {0xd04, 0},  // A35
    {0xd05, 0},  // A55
    {0xd46, 0},  // A510
    {0xd08, 8},  // A72
    {0xd0b, 24}, // A76
    {0xd0c, 24}, // Neoverse N1
    {0xd0d, 24}, // A77
    {0xd40, 32}, // Neoverse V1
    {0xd41, 32}, // A78
    {0xd42, 32}, // A78AE
    {0xd44, 32}, // X1
    {0xd47, 32}, // A710
    {0xd48, 32}, // X2
    {0xd49, 32}, // Neoverse N2
    {0xd4b, 32}, // A78C
    {0xd4c, 32}, // X1C
};
constexpr std::uint64_t implemented_by_arm = 0x41;

std::uint64_t field(std::uint64_t value, unsigned low) { return (value >> low) & 0xf; }

std::int8_t ask_firmware(Workaround which)
{
    const auto answer =
        static_cast<std::int32_t>(call_firmware(smccc_arch_features, std::uint32_t(which)));
    return static_cast<std::int8_t>(std::clamp(answer, -1, 1));
}

} // namespace

void protect_from_speculation(bool allow_stores)
{
    auto& cpu = *running().cpu;
    const auto midr = MIDR_EL1::read();
    const auto* const part = std::ranges::find(parts, (midr >> 4) & 0xfff, &Part::number);
    const bool known = midr >> 24 == implemented_by_arm && part != std::end(parts);
    const bool in_order = known && part->rounds == 0;
    const unsigned rounds = known ? part->rounds : 0;
    // CSV2: predictors are tagged by context; from 3 on, and with ECBHB, their history is as well.
    const auto csv2 = field(ID_AA64PFR0_EL1::read(), 56);
    const bool tagged_history = csv2 >= 3 || field(ID_AA64MMFR1_EL1::read(), 60) != 0;
    const bool has_clear = field(ID_AA64ISAR2_EL1::read(), 28) != 0;
    auto& [branches, stores, history] = cpu.workarounds;

    branches = csv2 != 0 || in_order ? not_needed : ask_firmware(Workaround::branches);
    history = tagged_history || in_order ? not_needed
              : has_clear || rounds != 0 ? here
                                         : ask_firmware(Workaround::branch_history);
    if (branches == here)
        // The call for the history does both.
        cpu.branch_barrier = std::uint32_t(ask_firmware(Workaround::branch_history) == here
                                               ? Workaround::branch_history
                                               : Workaround::branches);
    else if (history == here)
        cpu.branch_barrier = has_clear     ? clear_branch_history
                             : rounds != 0 ? rounds
                                           : std::uint32_t(Workaround::branch_history);
    if (cpu.branch_barrier != 0) VBAR_EL2::write(reinterpret_cast<std::uint64_t>(vectors_hardened));

    // With SSBS the guest decides for itself, and EL2 has them off (SCTLR_EL2.DSSBS is 0).
    const bool has_ssbs = field(ID_AA64PFR1_EL1::read(), 4) != 0;
    stores = in_order ? not_needed : has_ssbs ? not_to_be_had : ask_firmware(Workaround::stores);
    const bool by_firmware = stores == here;
    if (by_firmware) {
        call_firmware(std::uint32_t(Workaround::stores), allow_stores ? 0 : 1);
        stores = allow_stores ? not_to_be_had : not_needed; // always on, nothing to switch
    }

    if (cpu.id != CpuId{0}) {
        const auto& before = per_cpu(CpuId{cpu.id.value() - 1});
        if (before.branch_barrier == cpu.branch_barrier && before.workarounds == cpu.workarounds)
            return;
    }
    const auto barrier = cpu.branch_barrier;
    log::info("speculation from CPU {} on: branches {}, stores {}", cpu.id,
              branches < 0 || history < 0       ? "unprotected: the firmware has no workaround"
              : barrier == 0                    ? "cannot be steered"
              : barrier == clear_branch_history ? "protected by CLRBHB"
              : barrier == rounds               ? "protected by a loop"
                                                : "protected by the firmware",
              stores == not_needed ? by_firmware ? "protected by the firmware" : "safe"
              : has_ssbs           ? "up to each guest (SSBS)"
                                   : "unprotected");
}

} // namespace bulkhead::arm64

std::int64_t bulkhead::machine::workaround(Workaround which)
{
    const auto& [branches, stores, history] = arm64::running().cpu->workarounds;
    switch (which) {
    case Workaround::branches: return branches;
    case Workaround::stores: return stores;
    case Workaround::branch_history: return history;
    }
    return -1;
}
