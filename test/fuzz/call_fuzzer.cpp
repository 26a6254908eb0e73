// A guest that calls with anything at all in its registers: HVC and SMC by the SMC calling
// convention (PSCI, Xen's services, the watchdog), and Xen's hypercalls. What the conventions keep
// for the guest is kept.

#include "fuzz/guest_domain.hpp"
#include "machine/captured_console.hpp"
#include "machine/upcalls.hpp"

#include <algorithm>

namespace bulkhead {
namespace {

struct Step {
    std::uint8_t kind;
    std::uint8_t function;
    std::uint16_t noise;
    std::array<std::uint32_t, 3> arguments;
};

/// Functions that there are, and their neighbours.
constexpr std::uint32_t bases[] = {0x8400'0000, 0xc400'0000, 0x8000'0000, 0x8500'ff00,
                                   0x8400'ff00, 0x8200'3d00, 0x8000'7ff0, 0xc500'0000};

void step(test::GuestDomain& guest, const Step& step)
{
    guest.run(step.kind >> 7);
    machine::GuestRegisters registers{};
    for (unsigned n = 0; n < registers.x.size(); ++n)
        registers.x[n] = std::uint64_t{step.noise} * 0x1'0001'0001 + n;
    for (unsigned n = 0; n < 3; ++n)
        registers.x[n + 1] = step.arguments[n];
    const bool is_hypercall = step.kind % 4 == 0;
    if (is_hypercall)
        registers.x[16] = step.function;
    else
        registers.x[0] =
            step.kind % 4 == 1 ? step.arguments[2] : bases[step.kind / 4 % 8] + step.function % 32;
    const auto before = registers;
    if (is_hypercall)
        upcall::hypercall(guest.vcpu(), registers);
    else
        upcall::firmware_call(guest.vcpu(), registers);
    // DEN0028, 2.7: x4 to x17 are the caller's, and all beyond.
    test::require(
        std::ranges::equal(std::span{before.x}.subspan(5), std::span{registers.x}.subspan(5)));
}

} // namespace
} // namespace bulkhead

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    bulkhead::test::play({data, size}, bulkhead::step);
    return 0;
}
