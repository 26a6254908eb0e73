// machine/guest_memory.hpp on EL2.

#include "machine/guest_memory.hpp"

#include "arm64/layout.hpp"
#include "arm64/per_cpu.hpp"
#include "arm64/stage1.hpp"
#include "arm64/system_register.hpp"
#include "base/bits.hpp"

namespace bulkhead::machine {

using namespace arm64;

namespace {

/// PAR_EL1 after an address translation instruction (Arm ARM D17.2.115).
struct Translation : Register<Translation, std::uint64_t> {
    static constexpr Field<0, 0, bool> failed{};
    static constexpr Field<47, 12, Gfn> frame{};
};

} // namespace

Result<GuestAddress> translate_guest(VirtualAddress address, GuestAccess access)
{
    // The register is the guest's.
    const auto saved = PAR_EL1::read();
    if (access == GuestAccess::write)
        asm volatile("at s1e1w, %0" : : "r"(address.value()) : "memory");
    else
        asm volatile("at s1e1r, %0" : : "r"(address.value()) : "memory");
    isb();
    const auto result = Translation::from(PAR_EL1::read());
    PAR_EL1::write(saved);
    if (result.get(Translation::failed)) return failure(Error::bad_address);
    return address_of(result.get(Translation::frame)) + address.value() % page_size;
}

std::byte* open_window(Window window, PhysicalAddress page)
{
    const auto index = static_cast<unsigned>(window);
    auto& cpu = *running().cpu;
    const auto address = windows_start(cpu.id) + index * page_size;
    auto* const result = reinterpret_cast<std::byte*>(address);
    const auto shown = page.value() | 1;
    if (cpu.in_window[index] == shown) return result;
    cpu.in_window[index] = shown;
    auto& entry = stage1_entry(address);
    // Break before make (Arm ARM D8.14.1). No other CPU uses this address, so that what its TLB
    // may hold of it does not matter.
    entry = Stage1Entry{};
    asm volatile("dsb nshst\n\t"
                 "tlbi vae2, %0\n\t"
                 "dsb nsh"
                 :
                 : "r"(address >> page_shift)
                 : "memory");
    entry = stage1_leaf(page, Access::read_write, false);
    asm volatile("dsb nshst\n\tisb" : : : "memory");
    return result;
}

} // namespace bulkhead::machine
