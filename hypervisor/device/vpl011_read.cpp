#include "base/bits.hpp"
#include "device/vpl011.hpp"

/// What a guest reads of its UART. Drivers poll UARTFR.
namespace bulkhead::device {

using namespace pl011;

namespace {

constexpr std::uint32_t identification_end =
    identification_offset + 4 * static_cast<std::uint32_t>(identification.size());

} // namespace

std::uint64_t Vpl011::read(std::uint64_t offset, unsigned size)
{
    if (offset == Flags::offset) {
        // Nothing to see: the look at it is no look at what arrives meanwhile.
        const auto now = Flags::from(flags_.load(std::memory_order_relaxed));
        if (now.get(Flags::rxfe)) return size == 1 ? now.raw() & bits(7, 0) : now.raw();
    }
    if (offset >= region_size || size == 0) return 0;
    const auto word = static_cast<std::uint32_t>(align_down(offset, 4));
    const auto shift = static_cast<unsigned>(offset % 4 * 8);

    const Guard guard{lock_};
    const auto value = read_register(word) >> shift;
    return size >= 4 ? value : value & bits(size * 8 - 1, 0);
}

std::uint32_t Vpl011::read_register(std::uint32_t offset)
{
    const auto& now = registers_;
    if (offset >= identification_offset && offset < identification_end)
        return identification[(offset - identification_offset) / 4];

    switch (offset) {
    case Data::offset: return take_received().raw();
    case Flags::offset: unseen_ = false; return flags_.load(std::memory_order_relaxed);
    case raw_interrupt_offset: unseen_ = false; return now.raw.raw();
    case masked_interrupt_offset: unseen_ = false; return now.raw.raw() & now.mask.raw();
    case ReceiveStatus::offset: return now.receive_status.raw();
    case LowPowerDivisor::offset: return now.low_power_divisor.raw();
    case IntegerDivisor::offset: return now.integer_divisor.raw();
    case FractionalDivisor::offset: return now.fractional_divisor.raw();
    case LineControl::offset: return now.line_control.raw();
    case Control::offset: return now.control.raw();
    case FifoLevels::offset: return now.levels.raw();
    case interrupt_mask_offset: return now.mask.raw();
    default: return 0;
    }
}

Flags Vpl011::current_flags() const
{
    return modem_inputs()
        .with(Flags::busy, !transmit_fifo_.empty())
        .with(Flags::rxfe, receive_fifo_.empty())
        .with(Flags::txff, transmit_fifo_.size() >= levels_.depth)
        .with(Flags::rxff, receive_is_full())
        .with(Flags::txfe, transmit_fifo_.empty());
}

/// In loopback the modem's outputs are its inputs (UARTCR.LBE); otherwise nothing drives them.
Flags Vpl011::modem_inputs() const
{
    if (!is_looped_back()) return {};
    const auto control = registers_.control;
    return Flags{}
        .with(Flags::cts, control.get(Control::rts))
        .with(Flags::dsr, control.get(Control::dtr))
        .with(Flags::dcd, control.get(Control::out1))
        .with(Flags::ri, control.get(Control::out2));
}

} // namespace bulkhead::device
