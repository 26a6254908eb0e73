#include "device/vpl011.hpp"

#include "base/bits.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bulkhead::device {

using namespace pl011;

namespace {

/// The part of a register type that exists; the rest reads 0.
constexpr std::uint32_t control_bits = 0xff87;
constexpr std::uint32_t line_control_bits = 0xff;
constexpr std::uint32_t level_bits = 0x3f;

/// A level of UARTIFLS in a full FIFO. Values above 4 are reserved, and taken for 4.
constexpr std::size_t characters(std::uint8_t selected, std::size_t depth)
{
    constexpr std::array<std::uint8_t, 5> eighths = {1, 2, 4, 6, 7};
    return depth * eighths[std::min<std::size_t>(selected, eighths.size() - 1)] / 8;
}

} // namespace

Vpl011::Levels Vpl011::levels_of(LineControl line_control, FifoLevels levels)
{
    if (!line_control.get(LineControl::fen)) return {.depth = 1, .receive = 1, .transmit = 0};
    return {.depth = fifo_depth,
            .receive = characters(levels.get(FifoLevels::rxiflsel), fifo_depth),
            .transmit = characters(levels.get(FifoLevels::txiflsel), fifo_depth)};
}

void Vpl011::write(std::uint64_t offset, unsigned size, std::uint64_t value)
{
    if (offset >= region_size || size == 0) return;
    const auto word = static_cast<std::uint32_t>(align_down(offset, 4));
    const auto shift = static_cast<unsigned>(offset % 4 * 8);
    const auto lanes = static_cast<std::uint32_t>(bits(std::min(size, 4U) * 8 - 1, 0) << shift);

    const Guard guard{lock_};
    write_register(word, static_cast<std::uint32_t>(value << shift), lanes);
    publish();
}

void Vpl011::receive(char character)
{
    const Guard guard{lock_};
    if (waiting_.push(character))
        admit_waiting();
    else if (is_receiving())
        overrun();
    publish();
}

void Vpl011::transmit_again()
{
    const Guard guard{lock_};
    send();
    publish();
}

void Vpl011::reset()
{
    const Guard guard{lock_};
    registers_ = {};
    levels_ = levels_of(registers_.line_control, registers_.levels);
    transmit_fifo_.clear();
    receive_fifo_.clear();
    waiting_.clear();
    overrun_ = unseen_ = false;
    publish();
}

void Vpl011::write_register(std::uint32_t offset, std::uint32_t value, std::uint32_t lanes)
{
    auto& now = registers_;
    const auto merged = [value, lanes](auto old, std::uint64_t existing) {
        return decltype(old)::from(((old.raw() & ~lanes) | (value & lanes)) &
                                   static_cast<std::uint32_t>(existing));
    };
    switch (offset) {
    case Data::offset:
        if ((lanes & Data::data.mask) != 0) put(static_cast<char>(value));
        break;
    case ReceiveStatus::offset: now.receive_status = {}; break;
    case LowPowerDivisor::offset:
        now.low_power_divisor = merged(now.low_power_divisor, LowPowerDivisor::ilpdvsr.mask);
        break;
    case IntegerDivisor::offset:
        now.integer_divisor = merged(now.integer_divisor, IntegerDivisor::divint.mask);
        break;
    case FractionalDivisor::offset:
        now.fractional_divisor = merged(now.fractional_divisor, FractionalDivisor::divfrac.mask);
        break;
    case LineControl::offset:
        set_format(merged(now.line_control, line_control_bits), now.levels);
        break;
    case Control::offset: set_control(merged(now.control, control_bits)); break;
    case FifoLevels::offset: set_format(now.line_control, merged(now.levels, level_bits)); break;
    case interrupt_mask_offset: now.mask = merged(now.mask, Interrupts::all); break;
    case interrupt_clear_offset: clear_interrupts(value & lanes); break;
    default: break;
    }
}

bool Vpl011::is_sending() const
{
    return registers_.control.get(Control::uarten) && registers_.control.get(Control::txe);
}

bool Vpl011::is_receiving() const
{
    return registers_.control.get(Control::uarten) && registers_.control.get(Control::rxe);
}

bool Vpl011::receive_level_is_reached() const { return receive_fifo_.size() >= levels_.receive; }

bool Vpl011::transmit_level_is_reached() const { return transmit_fifo_.size() <= levels_.transmit; }

Data Vpl011::take_received()
{
    unseen_ = false;
    const auto character = receive_fifo_.pop();
    const auto data = Data{}
                          .with(Data::data, static_cast<std::uint8_t>(character.value_or(0)))
                          .with(Data::oe, std::exchange(overrun_, false));
    if (!receive_level_is_reached()) raise(Interrupts::rx, false);
    // The timeout is one of 32 bit times in which nothing arrives. Here it has always passed
    // already, so that a guest never waits for what is left.
    raise(Interrupts::rt, !receive_fifo_.empty());
    admit_waiting();
    publish();
    return data;
}

void Vpl011::arrive(char character)
{
    if (receive_is_full() || !receive_fifo_.push(character)) return overrun();
    unseen_ = true;
    if (receive_level_is_reached()) raise(Interrupts::rx);
    raise(Interrupts::rt);
}

void Vpl011::overrun()
{
    overrun_ = true;
    registers_.receive_status = registers_.receive_status.with(ReceiveStatus::oe, true);
    raise(Interrupts::oe);
}

void Vpl011::admit_waiting()
{
    if (!is_receiving() || is_looped_back()) return;
    while (!receive_is_full()) {
        const auto character = waiting_.pop();
        if (!character) return;
        arrive(*character);
    }
}

void Vpl011::put(char character)
{
    // A character that meets a full FIFO is lost, as it is on the device.
    if (transmit_fifo_.size() >= levels_.depth || !transmit_fifo_.push(character)) return;
    if (!transmit_level_is_reached()) raise(Interrupts::tx, false);
    send();
}

/// The transmit interrupt is raised by a passage through the level and not by being below it
/// (DDI 0183, 2.8.3): a guest that enables it before it has sent anything gets none. Each character
/// that leaves counts as such a passage, because here the FIFO mostly empties faster than a guest
/// can fill it to any level. Drivers that wait for an interrupt after a few characters get it,
/// those that write until UARTFR.TXFF rarely need it.
void Vpl011::send()
{
    if (!is_sending() || transmit_fifo_.empty()) return;
    for (; !transmit_fifo_.empty(); (void)transmit_fifo_.pop()) {
        const char character = transmit_fifo_.front();
        if (is_looped_back()) {
            if (is_receiving()) arrive(character);
        } else if (!transmit_(character)) {
            break;
        }
    }
    if (transmit_level_is_reached()) raise(Interrupts::tx);
}

void Vpl011::set_format(LineControl line_control, FifoLevels levels)
{
    const bool receive_before = receive_level_is_reached();
    const bool transmit_before = transmit_level_is_reached();
    registers_.line_control = line_control;
    registers_.levels = levels;
    levels_ = levels_of(line_control, levels);
    // Turning the FIFOs off flushes what is to be sent (DDI 0183, 3.3.8, how to program UARTCR).
    // What was received stays, so that none is lost.
    if (!line_control.get(LineControl::fen)) transmit_fifo_.clear();
    if (receive_level_is_reached() != receive_before) raise(Interrupts::rx, !receive_before);
    if (transmit_level_is_reached() != transmit_before) raise(Interrupts::tx, !transmit_before);
    admit_waiting();
}

void Vpl011::set_control(Control value)
{
    const auto before = modem_inputs();
    registers_.control = value;
    const auto after = modem_inputs();
    if (before.get(Flags::cts) != after.get(Flags::cts)) raise(Interrupts::cts);
    if (before.get(Flags::dsr) != after.get(Flags::dsr)) raise(Interrupts::dsr);
    if (before.get(Flags::dcd) != after.get(Flags::dcd)) raise(Interrupts::dcd);
    if (before.get(Flags::ri) != after.get(Flags::ri)) raise(Interrupts::ri);
    send();
    admit_waiting();
}

/// Clears what the guest has seen. A character that arrived after its last look is treated as if it
/// arrived after this write, or a guest that empties the FIFO and then clears would lose the
/// interrupt of what came in between. On the device the timeout, 32 bit times later, saves it.
void Vpl011::clear_interrupts(std::uint32_t cleared)
{
    registers_.raw = Interrupts::from(registers_.raw.raw() & ~cleared);
    if (!unseen_ || receive_fifo_.empty()) return;
    raise(Interrupts::rt);
    if (receive_level_is_reached()) raise(Interrupts::rx);
}

void Vpl011::publish()
{
    flags_.store(current_flags().raw(), std::memory_order_relaxed);
    const bool level = (registers_.raw.raw() & registers_.mask.raw()) != 0;
    if (level == line_) return;
    line_ = level;
    set_line_(level);
}

} // namespace bulkhead::device
