#pragma once

#include <concepts>
#include <cstdint>
#include <span>

namespace bulkhead::guest::conformance {

/// What a check needs of the machine; without it the check is skipped.
enum class Needs : std::uint8_t {
    nothing,
    gic_v2,
    gic_v3,
    gic_v2_two_cpus,
    two_cpus,
    spare_spi, ///< an implemented shared interrupt that no device uses
    spare_spi_two_cpus,
    uart011,    ///< the console is a PL011 or an SBSA UART
    sve,        ///< vectors of variable length
    hypervisor, ///< Xen's hypercalls are answered
};

/// One promise of the architecture. The name is "group.sentence_it_proves".
struct Check {
    const char* name;
    void (*run)();
    Needs needs = Needs::nothing;
};
using Group = std::span<const Check>;

// The groups, one file each.
extern const Group after_reset_group;
extern const Group distributor_group;
extern const Group redistributor_group;
extern const Group cpu_interface_group;
extern const Group sgi_group;
extern const Group spi_group;
extern const Group priority_group;
extern const Group timer_group;
extern const Group mmio_group;
extern const Group exception_group;
extern const Group sleep_group;
extern const Group registers_group;
extern const Group identification_group;
extern const Group debug_group;
extern const Group cache_group;
extern const Group uart_group;
extern const Group smccc_group;
extern const Group psci_group;

/// Within a check: the first expectation that does not hold is its failure.
void expect(const char* what, bool holds);
void expect_equal_hex(const char* what, std::uint64_t got, std::uint64_t expected);
void expect_equal_signed(const char* what, std::int64_t got, std::int64_t expected);

template <std::integral Got, std::convertible_to<std::int64_t> Expected>
void expect_equal(const char* what, Got got, Expected expected)
{
    if constexpr (std::signed_integral<Got>)
        expect_equal_signed(what, got, static_cast<std::int64_t>(expected));
    else
        expect_equal_hex(what, got, static_cast<std::uint64_t>(expected));
}

/// How a run went.
struct Tally {
    unsigned passed = 0;
    unsigned failed = 0;
    unsigned skipped = 0;
};

/// Run one check in isolation, print its line, count it.
void run(const Check& check, Tally& tally);

} // namespace bulkhead::guest::conformance
