#include "hypercall/caller.hpp"
#include "machine/guest_state.hpp"

#include <algorithm>
#include <array>

namespace bulkhead::hypercall {
namespace {

/// Between two pieces the guest takes its interrupts.
constexpr std::uint32_t piece = 64;
constexpr std::uint64_t instruction = 4;

Outcome write(Caller caller)
{
    std::array<char, piece> text{};
    const auto count = caller.number(1);
    const auto now = std::span{text}.first(std::min(count, piece));
    if (auto read = caller.memory().copy_in(std::as_writable_bytes(now), caller.pointer(2)); !read)
        return failure(read.error());
    std::uint32_t taken = 0;
    while (taken < now.size() && caller.domain().console().put(now[taken]))
        ++taken;
    if (taken == count) return 0;
    // The guest makes the call for the rest by itself, as the result has the command's number.
    caller.registers().x[1] = count - taken;
    caller.registers().x[2] += taken;
    machine::set_guest_pc(machine::guest_pc() - instruction);
    return CONSOLEIO_write;
}

} // namespace

Outcome console_io(Caller caller)
{
    switch (caller.number(0)) {
    case CONSOLEIO_write: return write(caller);
    // What is typed goes to the domain's UART.
    case CONSOLEIO_read: return 0;
    default: return failure(Error::not_implemented);
    }
}

} // namespace bulkhead::hypercall
