// A guest that has any instruction at all where it trapped at a device without a syndrome, and any
// values in its registers: whatever is carried out changes no more than the instruction names, and
// nothing at all if it is not carried out.

#include "device/guest_layout.hpp"
#include "domain/load_store.hpp"
#include "fuzz/guest_domain.hpp"
#include "machine/captured_console.hpp"
#include "machine/guest_state.hpp"
#include "machine/upcalls.hpp"
#include "memory/guest_memory.hpp"

namespace bulkhead {
namespace {

namespace layout = device::guest_layout;
using machine::MmioResult;

struct Step {
    std::uint8_t kind;
    std::uint8_t noise;
    std::uint16_t place;
    std::uint32_t instruction;
};

/// Where single registers and pairs have their fixed bits.
std::uint32_t shaped(const Step& step)
{
    switch (step.kind % 4) {
    case 0: return (step.instruction & ~0x3e00'0000U) | 0x2800'0000; // pairs
    case 1:
    case 2: return (step.instruction & ~0x3e00'0000U) | 0x3800'0000; // single registers
    default: return step.instruction;
    }
}

GuestAddress device_at(const Step& step)
{
    constexpr GuestAddress starts[] = {layout::gicv3_distributor.start,
                                       layout::gicv3_redistributors.start + 0x1'0000,
                                       layout::vpl011.start, GuestAddress{0}};
    return starts[step.kind / 4 % 4] + step.place;
}

void step(test::GuestDomain& guest, const Step& step)
{
    constexpr std::uint64_t code = 0x4000'0200;
    guest.run(step.kind >> 7);
    const auto instruction = shaped(step);
    const memory::GuestMemory memory{guest.domain().memory()};
    test::require(memory.write(VirtualAddress{code}, instruction).has_value());
    machine::set_guest_pc(code);

    machine::GuestRegisters registers{};
    for (unsigned n = 0; n < registers.x.size(); ++n)
        registers.x[n] = std::uint64_t{step.noise} * 0x1'0000'0001 * n;
    const auto address = device_at(step);
    const auto access = domain::decode_load_store(instruction);
    std::uint64_t stack = 0x1000;
    if (access && step.kind % 64 < 60) {
        // The base that leads there, unless the offset is in the same register.
        auto base = address.value();
        if (access->index != domain::LoadStore::Index::post)
            base -= access->distance(registers.operand(access->offset_register));
        (access->base == 31 ? stack : registers.x[access->base]) = base;
    }
    machine::set_guest_stack_pointer(stack);
    const auto before = registers;
    const auto result = upcall::undescribed_access(guest.vcpu(), registers, address);

    const bool done = result == MmioResult::done;
    test::require(!done || access);
    const bool moves = done && access->index != domain::LoadStore::Index::offset;
    for (unsigned n = 0; n < 31; ++n) {
        const bool loaded = done && access->is_load &&
                            (n == access->first || (access->is_pair && n == access->second));
        if (!loaded && !(moves && n == access->base)) test::require(registers.x[n] == before.x[n]);
    }
    if (!moves || access->base != 31) test::require(machine::guest_stack_pointer() == stack);
    guest.vcpu().attention = 0;
}

} // namespace
} // namespace bulkhead

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    bulkhead::test::play({data, size}, bulkhead::step);
    return 0;
}
