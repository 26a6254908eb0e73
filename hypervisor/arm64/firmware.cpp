#include "arm64/firmware.hpp"

#include "arm64/layout.hpp"
#include "arm64/stage1.hpp"
#include "base/read_only_after_boot.hpp"
#include "machine/memory.hpp"
#include "machine/power.hpp"

#include <array>

extern "C" const char secondary_entry[], spin_table_entry[];

namespace bulkhead::arm64 {

extern "C" {
/// What spin_table_entry finds its number by; read with the MMU off.
INITIALISED_READ_ONLY_AFTER_BOOT
alignas(cache_line) constinit std::array<std::uint64_t, max_cpus> secondary_affinities = [] {
    std::array<std::uint64_t, max_cpus> nobody{};
    nobody.fill(~std::uint64_t{0});
    return nobody;
}();
}

namespace {

READ_ONLY_AFTER_BOOT constinit bool has_firmware = false;

constexpr std::uint64_t psci_system_off = 0x8400'0008;
constexpr std::uint64_t not_supported = ~std::uint64_t{0};

} // namespace

void use_firmware() { has_firmware = true; }

std::uint64_t call_firmware(std::uint64_t function, std::uint64_t a1, std::uint64_t a2,
                            std::uint64_t a3)
{
    if (!has_firmware) return not_supported;
    register std::uint64_t x0 asm("x0") = function;
    register std::uint64_t x1 asm("x1") = a1;
    register std::uint64_t x2 asm("x2") = a2;
    register std::uint64_t x3 asm("x3") = a3;
    // SMCCC 1.0 lets the callee change x4 to x17.
    asm volatile("smc #0"
                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                 :
                 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                   "x16", "x17", "memory");
    return x0;
}

Result<void> start_cpu(std::uint64_t function, std::uint64_t affinity, CpuId cpu)
{
    const auto entry = machine::physical_address_of(secondary_entry);
    if (call_firmware(function, affinity, entry.value(), cpu.value()) != 0)
        return failure(Error::no_device);
    return {};
}

Result<void> release_spin_table(PhysicalAddress release_address, std::uint64_t affinity, CpuId cpu)
{
    if (release_address.value() == 0) return failure(Error::no_device);
    secondary_affinities[cpu.value()] = affinity;
    machine::clean_data_cache(&secondary_affinities[cpu.value()], sizeof(std::uint64_t));
    auto* release = reinterpret_cast<volatile std::uint64_t*>(machine::map_physical(
        release_address, sizeof(std::uint64_t), machine::MapAccess::read_write));
    *release = machine::physical_address_of(spin_table_entry).value();
    machine::clean_data_cache(const_cast<std::uint64_t*>(release), sizeof(std::uint64_t));
    asm volatile("sev");
    return {};
}

} // namespace bulkhead::arm64

namespace bulkhead::machine {

void power_off() { arm64::call_firmware(arm64::psci_system_off); }

} // namespace bulkhead::machine
