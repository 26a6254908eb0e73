#pragma once

#include "machine/list_register.hpp"
#include "machine/short_way.hpp"

namespace bulkhead::test {

/// The interrupt path of driver/interrupt.cpp on the test machine.
struct ShortWay {
    static void write_list_register(unsigned index, std::uint64_t form)
    {
        machine::write_list_register(index, machine::ListRegister::from(form));
    }
    template <unsigned Index>
    static void write_list_register(std::uint64_t form)
    {
        write_list_register(Index, form);
    }
    static std::uint32_t empty_list_registers() { return machine::empty_list_registers(); }
    static Intid physical_of(std::uint64_t form)
    {
        return machine::ListRegister::from(form).get(machine::ListRegister::pintid);
    }
    static bool take(const machine::RunningVcpu& vcpu, Intid physical)
    {
        return machine::take_timer<ShortWay>(vcpu, physical, [] {}) ||
               machine::take_device<ShortWay>(vcpu, physical, [] {});
    }
};

} // namespace bulkhead::test
