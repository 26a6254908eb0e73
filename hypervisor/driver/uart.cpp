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

void Uart::write(std::string_view text)
{
    for (const char character : text) {
        if (character == '\n') put('\r');
        put(character);
    }
}

void Uart::write_raw(std::string_view bytes)
{
    for (const char byte : bytes)
        put(byte);
}

std::optional<char> Uart::try_read()
{
    return std::visit([](auto& model) { return model.try_read(); }, model_);
}

void Uart::enable_receive_interrupt()
{
    std::visit([](auto& model) { model.enable_receive_interrupt(); }, model_);
}

void Uart::clear_receive_interrupt()
{
    std::visit([](auto& model) { model.clear_receive_interrupt(); }, model_);
}

void Uart::put(char character)
{
    std::visit(
        [this, character](auto& model) {
            for (std::uint32_t polls = 0; polls < patience_; ++polls) {
                if (model.try_write(character)) {
                    patience_ = patience;
                    return;
                }
            }
            patience_ = 1;
        },
        model_);
}

} // namespace bulkhead::driver
