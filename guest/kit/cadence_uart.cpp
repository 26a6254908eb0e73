#include "kit/cadence_uart.hpp"

#include "kit/cadence_uart_registers.hpp"

namespace bulkhead::guest {
namespace {

using Registers = CadenceUartRegisters;

constexpr auto received = static_cast<std::uint32_t>(Registers::Interrupts::RTRIG::mask);

} // namespace

CadenceUart::CadenceUart(RegisterBlock registers) : registers_{registers}
{
    using Control = Registers::ControlFields;
    registers_.write(Registers::Intrpt_dis, Registers::Interrupts::all);
    registers_.write(Registers::Control, static_cast<std::uint32_t>(
                                             Control::RXRES::put(true) | Control::TXRES::put(true) |
                                             Control::RXEN::put(true) | Control::TXEN::put(true)));
    registers_.write(Registers::Rcvr_FIFO_trigger_level, 1U);
    registers_.write(Registers::Chnl_int_sts, Registers::Interrupts::all);
}

bool CadenceUart::can_send() const
{
    return !Registers::Status::TFUL::of(registers_.read(Registers::Channel_sts));
}

void CadenceUart::send(char character) const
{
    registers_.write(Registers::TX_RX_FIFO,
                     static_cast<std::uint32_t>(static_cast<unsigned char>(character)));
}

bool CadenceUart::has_received() const
{
    return !Registers::Status::REMPTY::of(registers_.read(Registers::Channel_sts));
}

char CadenceUart::receive() const
{
    return static_cast<char>(registers_.read(Registers::TX_RX_FIFO));
}

void CadenceUart::enable_receive_interrupt() const
{
    registers_.write(Registers::Intrpt_en, received);
}

void CadenceUart::acknowledge_receive_interrupt() const
{
    registers_.write(Registers::Chnl_int_sts, received);
}

} // namespace bulkhead::guest
