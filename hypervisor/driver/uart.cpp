#include "driver/uart.hpp"

#include <algorithm>

namespace bulkhead::driver {
namespace {

template <typename Model>
bool knows(std::string_view compatible)
{
    return std::ranges::find(Model::compatible, compatible) != Model::compatible.end();
}

} // namespace

bool Uart::supports(std::string_view compatible)
{
    return knows<Pl011>(compatible) || knows<SbsaUart>(compatible) ||
           knows<CadenceUart>(compatible) || knows<Ns16550>(compatible);
}

std::optional<Uart> Uart::matching(std::string_view compatible, const UartPlacement& placement)
{
    if (knows<Pl011>(compatible)) return Uart{Pl011{placement}};
    if (knows<SbsaUart>(compatible)) return Uart{SbsaUart{placement}};
    if (knows<CadenceUart>(compatible)) return Uart{CadenceUart{placement}};
    if (knows<Ns16550>(compatible)) return Uart{Ns16550{placement}};
    return std::nullopt;
}

void Uart::start()
{
    std::visit([](auto& model) { model.start(); }, model_);
}

bool Uart::try_write(char byte)
{
    return std::visit([=](auto& model) { return model.try_write(byte); }, model_);
}

std::optional<char> Uart::try_read()
{
    return std::visit([](auto& model) { return model.try_read(); }, model_);
}

void Uart::enable_interrupts(bool room)
{
    std::visit([=](auto& model) { model.enable_interrupts(room); }, model_);
}

void Uart::clear_receive_interrupt()
{
    std::visit([](auto& model) { model.clear_receive_interrupt(); }, model_);
}

} // namespace bulkhead::driver
