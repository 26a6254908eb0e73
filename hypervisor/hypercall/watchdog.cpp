#include "hypercall/watchdog.hpp"

namespace bulkhead::hypercall {
namespace {

enum class Command : std::uint32_t { init, set_timeout, enable, pet, time_left };

constexpr std::uint64_t not_supported = ~std::uint64_t{0};
constexpr std::uint64_t success = 0;
constexpr std::uint64_t invalid_parameters = ~std::uint64_t{1};
constexpr std::uint64_t denied = ~std::uint64_t{2};

} // namespace

void call_watchdog(domain::Watch& watch, machine::GuestRegisters& registers)
{
    const auto argument = static_cast<std::uint32_t>(registers.x[2]);
    registers.x[0] = watch.has_watchdog() ? success : not_supported;
    if (!watch.has_watchdog()) return;
    switch (Command(registers.x[1])) {
    case Command::init:
        registers.x[1] = 1;
        registers.x[2] = watch.longest_seconds();
        break;
    case Command::set_timeout:
        if (!watch.shorten(argument)) registers.x[0] = invalid_parameters;
        break;
    case Command::enable:
        if (argument == 0) registers.x[0] = denied;
        [[fallthrough]];
    case Command::pet: watch.pet(); break;
    case Command::time_left: registers.x[1] = watch.seconds_left(); break;
    default: registers.x[0] = invalid_parameters;
    }
}

} // namespace bulkhead::hypercall
