#include "driver/pl011.hpp"

#include "machine/pl011_registers.hpp"

namespace bulkhead::driver {

using namespace pl011;

namespace {
constexpr auto receive = Interrupts{}.with(Interrupts::rx, true).with(Interrupts::rt, true);
}

void Pl011::mask_interrupts() { mmio_.write(interrupt_mask_offset, std::uint32_t{0}); }

void Pl011::start()
{
    mask_interrupts();
    // A line that firmware has set up is left alone. One that was never touched gets the usual
    // format, and the rate that its divisors hold: what clocks it is not known here.
    if (mmio_.read<Control>().get(Control::uarten)) return;
    mmio_.write(LineControl{}
                    .with(LineControl::wlen, LineControl::WordLength::eight)
                    .with(LineControl::fen, true));
    mmio_.write(Control{}
                    .with(Control::uarten, true)
                    .with(Control::txe, true)
                    .with(Control::rxe, true)
                    .with(Control::dtr, true)
                    .with(Control::rts, true));
}

bool Pl011::try_write(char character)
{
    if (mmio_.read<Flags>().get(Flags::txff)) return false;
    mmio_.write(Data{}.with(Data::data, static_cast<std::uint8_t>(character)));
    return true;
}

std::optional<char> Pl011::try_read()
{
    while (!mmio_.read<Flags>().get(Flags::rxfe)) {
        const auto data = mmio_.read<Data>();
        // What arrived broken is not a key that someone pressed.
        if (data.get(Data::be) || data.get(Data::fe) || data.get(Data::pe)) continue;
        return static_cast<char>(data.get(Data::data));
    }
    return std::nullopt;
}

/// The transmit interrupt is kept from when the FIFO last emptied to its level, and goes when it is
/// filled beyond it (DDI 0183, 3.4.5): enabling it late misses nothing.
void Pl011::enable_interrupts(bool room)
{
    mmio_.write(interrupt_mask_offset, receive.with(Interrupts::tx, room).raw());
}

void Pl011::clear_receive_interrupt() { mmio_.write(interrupt_clear_offset, receive.raw()); }

} // namespace bulkhead::driver
