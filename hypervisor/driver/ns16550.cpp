#include "driver/ns16550.hpp"

#include "driver/ns16550_registers.hpp"

namespace bulkhead::driver {

using namespace ns16550;

template <typename R>
R Ns16550::read() const
{
    const std::uint64_t offset = std::uint64_t{R::index} << placement_.register_shift;
    switch (placement_.access_width) {
    case 4: return R::from(static_cast<std::uint8_t>(mmio_.read<std::uint32_t>(offset)));
    case 2: return R::from(static_cast<std::uint8_t>(mmio_.read<std::uint16_t>(offset)));
    default: return R::from(mmio_.read<std::uint8_t>(offset));
    }
}

template <typename R>
void Ns16550::write(R value) const
{
    const std::uint64_t offset = std::uint64_t{R::index} << placement_.register_shift;
    switch (placement_.access_width) {
    case 4: return mmio_.write(offset, std::uint32_t{value.raw()});
    case 2: return mmio_.write(offset, std::uint16_t{value.raw()});
    default: return mmio_.write(offset, value.raw());
    }
}

void Ns16550::start()
{
    // Firmware's word length, parity and rate stay; only a UART that was never touched, which has
    // five bits and all else 0, gets the usual format. DLAB would hide the data register.
    const auto line = read<LineControl>();
    const auto wanted = line == LineControl{}
                            ? LineControl{}.with(LineControl::wls, LineControl::WordLength::eight)
                            : line.with(LineControl::dlab, false);
    if (wanted != line) write(wanted);
    write(InterruptEnable{});
    const auto has_fifos = [this] {
        return read<InterruptIdentification>().get(InterruptIdentification::fifos_enabled) == 3;
    };
    if (!has_fifos()) write(FifoControl{}.with(FifoControl::enable, true));
    depth_ = has_fifos() ? 16 : 1;
    write(ModemControl{}
              .with(ModemControl::dtr, true)
              .with(ModemControl::rts, true)
              .with(ModemControl::out2, true));
}

bool Ns16550::try_write(char character)
{
    // There is no sign of a FIFO that has some room, only of one that is empty.
    if (room_ == 0 && read<LineStatus>().get(LineStatus::thre)) room_ = depth_;
    if (room_ == 0) return false;
    --room_;
    write(Data{}.with(Data::data, static_cast<std::uint8_t>(character)));
    return true;
}

std::optional<char> Ns16550::try_read()
{
    for (auto status = read<LineStatus>(); status.get(LineStatus::dr);
         status = read<LineStatus>()) {
        const auto data = read<Data>();
        // What arrived broken is not a key that someone pressed.
        if (status.get(LineStatus::bi) || status.get(LineStatus::fe) || status.get(LineStatus::pe))
            continue;
        return static_cast<char>(data.get(Data::data));
    }
    return std::nullopt;
}

void Ns16550::enable_interrupts(bool room)
{
    write(InterruptEnable{}.with(InterruptEnable::erbfi, true).with(InterruptEnable::etbei, room));
}

void Ns16550::clear_receive_interrupt()
{
    using Source = InterruptIdentification::Source;
    const auto source = read<InterruptIdentification>().get(InterruptIdentification::source);
    if (source == Source::busy) {
        (void)read<UartStatus>();
    } else if (source == Source::receive_timeout && !read<LineStatus>().get(LineStatus::dr)) {
        // DW_apb_uart may report a timeout with nothing received; only a read of the data ends it.
        (void)read<Data>();
    }
}

} // namespace bulkhead::driver
