#include "conformance/check.hpp"

#include "conformance/machine.hpp"
#include "kit/exception.hpp"
#include "kit/print.hpp"
#include "kit/stop.hpp"

namespace bulkhead::guest::conformance {
namespace {

constinit const Check* running = nullptr;
constinit bool failed = false;

/// True for the first failure of a check: only that is printed.
bool first_failure()
{
    const bool first = !failed;
    failed = true;
    return first;
}

} // namespace

void expect(const char* what, bool holds)
{
    if (!holds && first_failure()) print("FAIL ", running->name, ": expected: ", what, "\n");
}

void expect_equal_hex(const char* what, std::uint64_t got, std::uint64_t expected)
{
    if (got != expected && first_failure())
        print("FAIL ", running->name, ": expected ", what, " ", hex(expected), ", got ", hex(got),
              "\n");
}

void expect_equal_signed(const char* what, std::int64_t got, std::int64_t expected)
{
    if (got != expected && first_failure())
        print("FAIL ", running->name, ": expected ", what, " ", expected, ", got ", got, "\n");
}

void run(const Check& check, Tally& tally)
{
    running = &check;
    failed = false;
    if (const char* lacking = machine::lacks(check.needs); lacking != nullptr) {
        ++tally.skipped;
        print("skip ", check.name, ": ", lacking, "\n");
        return;
    }
    machine::reset();
    const auto fault = guarded([&check] { check.run(); });
    mask_interrupts();
    if (fault && first_failure())
        print("FAIL ", check.name, ": expected no exception, got ESR ", hex(fault->esr), " FAR ",
              hex(fault->far), " ELR ", hex(fault->elr - image_base()), "\n");
    machine::reset();
    if (failed) {
        ++tally.failed;
    } else {
        ++tally.passed;
        print("ok ", check.name, "\n");
    }
}

} // namespace bulkhead::guest::conformance
