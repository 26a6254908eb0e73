#pragma once

#include "machine/running_vcpu.hpp"

#include <bit>

namespace bulkhead::machine {

/// A device's interrupt goes into a list register of the running guest's by itself. False: that is
/// for the vGIC to decide.
[[gnu::noinline]] inline bool take_device_interrupt(const RunningVcpu& vcpu, Intid physical)
{
    const auto ready = vcpu.device_list_register[physical.value() % RunningVcpu::devices];
    if (ready == ListRegister{} || ready.get(ListRegister::pintid) != physical) return false;
    const auto open = vcpu.open_list_registers & empty_list_registers();
    if (open == 0) return false;
    write_list_register(static_cast<unsigned>(std::bit_width(open)) - 1, ready);
    return true;
}

} // namespace bulkhead::machine
