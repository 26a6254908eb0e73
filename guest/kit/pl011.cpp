#include "kit/pl011.hpp"

namespace bulkhead::guest {
namespace {

constexpr auto received =
    static_cast<std::uint32_t>(Uart011::Interrupts::RX::mask | Uart011::Interrupts::RT::mask);

} // namespace

Pl011::Pl011(RegisterBlock registers, bool sbsa) : registers_{registers}
{
    registers_.write(Uart011::IMSC, 0U);
    registers_.write(Uart011::ICR, Uart011::Interrupts::all);
    if (sbsa) return;
    using Line = Uart011::LineControl;
    using Control = Uart011::Control;
    registers_.write(Uart011::LCR_H,
                     static_cast<std::uint32_t>(Line::FEN::put(true) | Line::WLEN::put(8 - 5)));
    registers_.write(Uart011::CR,
                     static_cast<std::uint32_t>(Control::UARTEN::put(true) |
                                                Control::TXE::put(true) | Control::RXE::put(true)));
}

bool Pl011::can_send() const { return !Uart011::Flags::TXFF::of(registers_.read(Uart011::FR)); }

void Pl011::send(char character) const
{
    registers_.write(Uart011::DR,
                     static_cast<std::uint32_t>(static_cast<unsigned char>(character)));
}

bool Pl011::has_received() const { return !Uart011::Flags::RXFE::of(registers_.read(Uart011::FR)); }

char Pl011::receive() const { return static_cast<char>(registers_.read(Uart011::DR)); }

void Pl011::enable_receive_interrupt() const { registers_.write(Uart011::IMSC, received); }

void Pl011::acknowledge_receive_interrupt() const { registers_.write(Uart011::ICR, received); }

} // namespace bulkhead::guest
