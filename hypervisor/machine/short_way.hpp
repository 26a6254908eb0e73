#pragma once

#include "machine/running_vcpu.hpp"

#include <bit>

namespace bulkhead::machine {

/// A physical interrupt of the running guest goes into a list register that stands ready-made; then
/// `written` follows. False: it is not for the short way. `Controller` speaks of list registers in
/// native form: the host's GIC, or a test's.
template <typename Controller>
[[gnu::always_inline]] inline bool take_timer(const RunningVcpu& vcpu, Intid physical, auto written)
{
    if (physical == vcpu.timer_interrupt[0] && vcpu.timer_list_register[0] != 0) [[likely]] {
        Controller::template write_list_register<0>(vcpu.timer_list_register[0]);
    } else if (physical == vcpu.timer_interrupt[1] && vcpu.timer_list_register[1] != 0) {
        Controller::template write_list_register<1>(vcpu.timer_list_register[1]);
    } else {
        return false;
    }
    written();
    return true;
}

template <typename Controller>
[[gnu::always_inline]] inline bool take_device(const RunningVcpu& vcpu, Intid physical,
                                               auto written)
{
    const auto form = vcpu.device_list_register[physical.value() % RunningVcpu::devices];
    if (form == 0 || Controller::physical_of(form) != physical) return false;
    const auto open = vcpu.open_list_registers & Controller::empty_list_registers();
    if (open == 0) return false;
    Controller::write_list_register(static_cast<unsigned>(std::bit_width(open)) - 1, form);
    written();
    return true;
}

} // namespace bulkhead::machine
