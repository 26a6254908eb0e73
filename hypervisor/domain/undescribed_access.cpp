// Accesses to devices of which the processor does not say what they load or store: pairs, and those
// that change their base register (Arm ARM D17.2.37, ISV). The instruction is read again, and may
// have been changed meanwhile: whatever is there now has the rights of the guest that put it there.

#include "domain/domain.hpp"
#include "domain/load_store.hpp"
#include "machine/guest_state.hpp"
#include "machine/upcalls.hpp"
#include "memory/guest_memory.hpp"

namespace bulkhead::upcall {
namespace {

using domain::LoadStore;
using machine::MmioResult;

constexpr std::uint64_t aarch32 = 0x10; // PSTATE.M[4]
constexpr unsigned stack_pointer = 31;

std::optional<LoadStore> current_instruction(RunningVcpu& vcpu)
{
    if ((machine::guest_pstate() & aarch32) != 0) return std::nullopt;
    const memory::GuestMemory memory{domain::vcpu_of(vcpu).domain->memory()};
    const auto word = memory.read<std::uint32_t>(VirtualAddress{machine::guest_pc()});
    return word ? word->open(domain::decode_load_store) : std::nullopt;
}

MmioResult load(RunningVcpu& vcpu, GuestRegisters& registers, GuestAddress address,
                const LoadStore& access)
{
    const auto first = read_mmio(vcpu, address, access.size);
    if (first.access != MmioResult::done) return first.access;
    if (access.is_pair) {
        const auto second = read_mmio(vcpu, address + access.size, access.size);
        if (second.access != MmioResult::done) return second.access;
        registers.set_operand(access.second, access.loaded(second.value));
    }
    registers.set_operand(access.first, access.loaded(first.value));
    return MmioResult::done;
}

MmioResult store(RunningVcpu& vcpu, const GuestRegisters& registers, GuestAddress address,
                 const LoadStore& access)
{
    const auto result = write_mmio(vcpu, address, access.size, registers.operand(access.first));
    if (result != MmioResult::done || !access.is_pair) return result;
    return write_mmio(vcpu, address + access.size, access.size, registers.operand(access.second));
}

} // namespace

MmioResult undescribed_access(RunningVcpu& vcpu, GuestRegisters& registers, GuestAddress address)
{
    const auto access = current_instruction(vcpu);
    if (!access) return MmioResult::abort;
    const bool on_stack = access->base == stack_pointer;
    const auto base = on_stack ? machine::guest_stack_pointer() : registers.operand(access->base);
    const auto moved = base + access->distance(registers.operand(access->offset_register));
    // All of it is where the processor said, in that page.
    const auto start = access->index == LoadStore::Index::post ? base : moved;
    const auto in_page = start % page_size;
    const unsigned size = access->is_pair ? 2U * access->size : access->size;
    if (in_page != address.value() % page_size || in_page + size > page_size)
        return MmioResult::abort;

    const auto result = access->is_load ? load(vcpu, registers, address, *access)
                                        : store(vcpu, registers, address, *access);
    if (result != MmioResult::done || access->index == LoadStore::Index::offset) return result;
    if (on_stack)
        machine::set_guest_stack_pointer(moved);
    else
        registers.set_operand(access->base, moved);
    return result;
}

} // namespace bulkhead::upcall
