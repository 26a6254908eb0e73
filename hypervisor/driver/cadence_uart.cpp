#include "driver/cadence_uart.hpp"

#include "driver/cadence_uart_registers.hpp"

namespace bulkhead::driver {

using namespace cadence;

namespace {
constexpr auto receive = Interrupts{}
                             .with(Interrupts::rtrig, true)
                             .with(Interrupts::rful, true)
                             .with(Interrupts::timeout, true);
}

void CadenceUart::start()
{
    mmio_.write(interrupt_disable_offset, Interrupts::all);
    const auto control = mmio_.read<Control>();
    const bool sends = control.get(Control::txen) && !control.get(Control::txdis);
    const bool receives = control.get(Control::rxen) && !control.get(Control::rxdis);
    if (sends && receives) return;
    // Firmware that only prints leaves the receiver off; one that was never touched has no format
    // either. The rate stays what the dividers hold: what clocks them is not known here.
    if (!sends) mmio_.write(Mode{}.with(Mode::par, Mode::Parity::none));
    mmio_.write(
        Control{}.with(Control::txen, true).with(Control::rxen, true).with(Control::stpbrk, true));
}

bool CadenceUart::try_write(char character)
{
    if (mmio_.read<Status>().get(Status::tful)) return false;
    mmio_.write(Fifo{}.with(Fifo::fifo, static_cast<std::uint8_t>(character)));
    return true;
}

std::optional<char> CadenceUart::try_read()
{
    if (mmio_.read<Status>().get(Status::rempty)) return std::nullopt;
    return static_cast<char>(mmio_.read<Fifo>().get(Fifo::fifo));
}

void CadenceUart::enable_interrupts(bool room)
{
    constexpr auto transmit = Interrupts{}.with(Interrupts::tempty, true);
    mmio_.write(ReceiveTrigger{}.with(ReceiveTrigger::rtrig, 1));
    mmio_.write(interrupt_enable_offset, receive.with(Interrupts::tempty, room).raw());
    if (!room) mmio_.write(interrupt_disable_offset, transmit.raw());
    // It is kept from the last time, and comes again when the FIFO is, or becomes, empty.
    mmio_.write(interrupt_status_offset, transmit.raw());
}

void CadenceUart::clear_receive_interrupt() { mmio_.write(interrupt_status_offset, receive.raw()); }

} // namespace bulkhead::driver
