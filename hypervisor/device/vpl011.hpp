#pragma once

#include "base/callback.hpp"
#include "base/character_queue.hpp"
#include "base/lock.hpp"
#include "machine/pl011_registers.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bulkhead::device {

/// The UART that a guest sees: a PL011 r1p5 (DDI 0183), and with it the generic UART of Arm's base
/// system architecture, which a guest may use without setting it up. It therefore starts as
/// firmware would leave it, enabled with FIFOs on, and not with the reset values of UARTCR and
/// UARTLCR_H.
///
/// There is no wire: rate and format are kept and mean nothing, characters leave as soon as there
/// is room for them, none arrives broken, and the modem inputs are low but in loopback. There is no
/// DMA: UARTDMACR reads 0.
class Vpl011 {
public:
    static constexpr std::uint64_t region_size = 0x1000;
    /// Input that waits for a guest: more than a second of 115200 baud, because the wire has no way
    /// to stop whoever types, and a guest may be away for long when its CPU is emulated or shared.
    static constexpr std::size_t waiting_most = 16384;

    /// `transmit` gets what the guest sends; false: not now, and transmit_again() when. `set_line`
    /// gets the level of UARTINTR, in the order in which it changes. Both with this UART's lock.
    Vpl011(Callback<bool(char)> transmit, Callback<void(bool)> set_line)
        : transmit_(transmit), set_line_(set_line)
    {
    }

    /// A guest's access of 1, 2, 4 or 8 bytes. What is no register reads 0 and ignores writes. A
    /// narrow write changes the bytes that it names, and of `value` its low `size` bytes count.
    [[gnu::noinline]] std::uint64_t read(std::uint64_t offset, unsigned size) EXCLUDES(lock_);
    [[gnu::noinline]] void write(std::uint64_t offset, unsigned size, std::uint64_t value)
        EXCLUDES(lock_);

    /// Input for the guest, from any CPU. It waits behind the FIFO while that is full or off, and
    /// is lost, with an overrun, when too much waits.
    void receive(char character) EXCLUDES(lock_);

    /// There is room for what the transmit FIFO holds. Any CPU.
    void transmit_again() EXCLUDES(lock_);

    /// The domain starts anew: registers as at the start, nothing sent or received, line low.
    void reset() EXCLUDES(lock_);

private:
    static constexpr std::size_t fifo_depth = 32;
    using Fifo = CharacterQueue<fifo_depth>;

    /// UARTLCR_H.FEN and UARTIFLS in characters.
    struct Levels {
        std::size_t depth;
        /// The receive interrupt is reached from here up, the transmit interrupt from here down.
        std::size_t receive;
        std::size_t transmit;
    };
    [[nodiscard]] static Levels levels_of(pl011::LineControl line_control,
                                          pl011::FifoLevels levels);

    struct Registers {
        pl011::Control control = pl011::Control{}
                                     .with(pl011::Control::uarten, true)
                                     .with(pl011::Control::txe, true)
                                     .with(pl011::Control::rxe, true);
        pl011::LineControl line_control =
            pl011::LineControl{}
                .with(pl011::LineControl::fen, true)
                .with(pl011::LineControl::wlen, pl011::LineControl::WordLength::eight);
        /// Both at a half, the reset value.
        pl011::FifoLevels levels = pl011::FifoLevels{}
                                       .with(pl011::FifoLevels::txiflsel, 2)
                                       .with(pl011::FifoLevels::rxiflsel, 2);
        pl011::LowPowerDivisor low_power_divisor;
        pl011::IntegerDivisor integer_divisor;
        pl011::FractionalDivisor fractional_divisor;
        pl011::Interrupts mask;
        pl011::Interrupts raw;
        pl011::ReceiveStatus receive_status;
    };

    [[nodiscard]] std::uint32_t read_register(std::uint32_t offset) REQUIRES(lock_);
    /// `lanes` has ones where `value` counts.
    void write_register(std::uint32_t offset, std::uint32_t value, std::uint32_t lanes)
        REQUIRES(lock_);

    [[nodiscard]] bool is_sending() const REQUIRES(lock_);
    [[nodiscard]] bool is_receiving() const REQUIRES(lock_);
    [[nodiscard]] bool is_looped_back() const REQUIRES(lock_)
    {
        return registers_.control.get(pl011::Control::lbe);
    }
    [[nodiscard]] bool receive_is_full() const REQUIRES(lock_)
    {
        return receive_fifo_.size() >= levels_.depth;
    }
    [[nodiscard]] bool receive_level_is_reached() const REQUIRES(lock_);
    [[nodiscard]] bool transmit_level_is_reached() const REQUIRES(lock_);
    [[nodiscard]] pl011::Flags current_flags() const REQUIRES(lock_);
    [[nodiscard]] pl011::Flags modem_inputs() const REQUIRES(lock_);

    [[nodiscard]] [[gnu::noinline]] pl011::Data take_received() REQUIRES(lock_);
    void arrive(char character) REQUIRES(lock_);
    void overrun() REQUIRES(lock_);
    /// Moves what waits into the receive FIFO as far as there is room.
    void admit_waiting() REQUIRES(lock_);

    void put(char character) REQUIRES(lock_);
    /// Sends what the transmit FIFO holds, if that is on.
    void send() REQUIRES(lock_);

    void set_format(pl011::LineControl line_control, pl011::FifoLevels levels) REQUIRES(lock_);
    void set_control(pl011::Control value) REQUIRES(lock_);
    void clear_interrupts(std::uint32_t bits) REQUIRES(lock_);
    void raise(auto interrupt, bool value = true) REQUIRES(lock_)
    {
        registers_.raw = registers_.raw.with(interrupt, value);
    }
    /// After any change: what the guest sees of it without asking.
    void publish() REQUIRES(lock_);

    Callback<bool(char)> transmit_;
    Callback<void(bool)> set_line_;

    Lock<Rank::uart> lock_;
    /// UARTFR as it is.
    std::atomic<std::uint32_t> flags_ =
        pl011::Flags{}.with(pl011::Flags::rxfe, true).with(pl011::Flags::txfe, true).raw();
    Registers registers_ GUARDED_BY(lock_);
    Levels levels_ GUARDED_BY(lock_) = levels_of(registers_.line_control, registers_.levels);
    Fifo transmit_fifo_ GUARDED_BY(lock_);
    Fifo receive_fifo_ GUARDED_BY(lock_);
    CharacterQueue<waiting_most> waiting_ GUARDED_BY(lock_);
    /// A character was lost and the receive FIFO has been full since (UARTDR.OE).
    bool overrun_ GUARDED_BY(lock_) = false;
    /// Something arrived since the guest last looked at what could have told it so.
    bool unseen_ GUARDED_BY(lock_) = false;
    bool line_ GUARDED_BY(lock_) = false;
};

} // namespace bulkhead::device
