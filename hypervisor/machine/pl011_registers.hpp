#pragma once

#include "base/register.hpp"

#include <array>
#include <cstdint>

/// The registers of Arm's PL011 (DDI 0183, r1p5, section 3.3), which both sides of Bulkhead know:
/// the driver of a host's UART, and the device that a guest sees. The generic UART of Arm's base
/// system architecture (SBSA, BSA) is the part of it that needs no initialisation: UARTDR, UARTRSR,
/// UARTFR, UARTIMSC, UARTRIS, UARTMIS and UARTICR. Fields have the manual's names.
namespace bulkhead::pl011 {

/// UARTDR. A read takes a character from the receive FIFO, a write puts one into the transmit FIFO.
struct Data : Register<Data, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x000;
    static constexpr Field<7, 0, std::uint8_t> data{};
    static constexpr Field<8, 8, bool> fe{};   // framing error
    static constexpr Field<9, 9, bool> pe{};   // parity error
    static constexpr Field<10, 10, bool> be{}; // break
    static constexpr Field<11, 11, bool> oe{}; // overrun
};

/// UARTRSR when read, UARTECR when written, which clears all of it.
struct ReceiveStatus : Register<ReceiveStatus, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x004;
    static constexpr Field<0, 0, bool> fe{};
    static constexpr Field<1, 1, bool> pe{};
    static constexpr Field<2, 2, bool> be{};
    static constexpr Field<3, 3, bool> oe{};
};

/// UARTFR. The modem inputs read 1 when they are asserted, which is low on the wire.
struct Flags : Register<Flags, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x018;
    static constexpr Field<0, 0, bool> cts{};
    static constexpr Field<1, 1, bool> dsr{};
    static constexpr Field<2, 2, bool> dcd{};
    static constexpr Field<3, 3, bool> busy{};
    static constexpr Field<4, 4, bool> rxfe{}; // receive FIFO empty
    static constexpr Field<5, 5, bool> txff{}; // transmit FIFO full
    static constexpr Field<6, 6, bool> rxff{}; // receive FIFO full
    static constexpr Field<7, 7, bool> txfe{}; // transmit FIFO empty
    static constexpr Field<8, 8, bool> ri{};
};

/// UARTILPR: infrared low-power divisor.
struct LowPowerDivisor : Register<LowPowerDivisor, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x020;
    static constexpr Field<7, 0, std::uint8_t> ilpdvsr{};
};

/// UARTIBRD: baud rate divisor, integer part.
struct IntegerDivisor : Register<IntegerDivisor, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x024;
    static constexpr Field<15, 0, std::uint16_t> divint{};
};

/// UARTFBRD: baud rate divisor, fractional part.
struct FractionalDivisor : Register<FractionalDivisor, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x028;
    static constexpr Field<5, 0, std::uint8_t> divfrac{};
};

/// UARTLCR_H: how a character looks on the wire.
struct LineControl : Register<LineControl, std::uint32_t> {
    enum class WordLength : std::uint8_t { five, six, seven, eight };

    static constexpr std::uint32_t offset = 0x02c;
    static constexpr Field<0, 0, bool> brk{};
    static constexpr Field<1, 1, bool> pen{};  // parity
    static constexpr Field<2, 2, bool> eps{};  // even parity
    static constexpr Field<3, 3, bool> stp2{}; // two stop bits
    static constexpr Field<4, 4, bool> fen{};  // FIFOs, else one character each way
    static constexpr Field<6, 5, WordLength> wlen{};
    static constexpr Field<7, 7, bool> sps{}; // stick parity
};

/// UARTCR.
struct Control : Register<Control, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x030;
    static constexpr Field<0, 0, bool> uarten{};
    static constexpr Field<1, 1, bool> siren{};
    static constexpr Field<2, 2, bool> sirlp{};
    static constexpr Field<7, 7, bool> lbe{}; // loopback
    static constexpr Field<8, 8, bool> txe{};
    static constexpr Field<9, 9, bool> rxe{};
    static constexpr Field<10, 10, bool> dtr{};
    static constexpr Field<11, 11, bool> rts{};
    static constexpr Field<12, 12, bool> out1{};
    static constexpr Field<13, 13, bool> out2{};
    static constexpr Field<14, 14, bool> rtsen{};
    static constexpr Field<15, 15, bool> ctsen{};
};

/// UARTIFLS: the levels at which the FIFOs interrupt, 0 to 4: an eighth of the FIFO, a quarter, a
/// half, three quarters, seven eighths.
struct FifoLevels : Register<FifoLevels, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x034;
    static constexpr Field<2, 0, std::uint8_t> txiflsel{};
    static constexpr Field<5, 3, std::uint8_t> rxiflsel{};
};

/// Interrupts, as bits of UARTIMSC, UARTRIS, UARTMIS and UARTICR.
struct Interrupts : Register<Interrupts, std::uint32_t> {
    static constexpr Field<0, 0, bool> ri{};
    static constexpr Field<1, 1, bool> cts{};
    static constexpr Field<2, 2, bool> dcd{};
    static constexpr Field<3, 3, bool> dsr{};
    static constexpr Field<4, 4, bool> rx{};
    static constexpr Field<5, 5, bool> tx{};
    static constexpr Field<6, 6, bool> rt{}; // receive timeout
    static constexpr Field<7, 7, bool> fe{};
    static constexpr Field<8, 8, bool> pe{};
    static constexpr Field<9, 9, bool> be{};
    static constexpr Field<10, 10, bool> oe{};
    static constexpr std::uint32_t all = 0x7ff;
};
inline constexpr std::uint32_t interrupt_mask_offset = 0x038;   // UARTIMSC: 1 lets through
inline constexpr std::uint32_t raw_interrupt_offset = 0x03c;    // UARTRIS
inline constexpr std::uint32_t masked_interrupt_offset = 0x040; // UARTMIS
inline constexpr std::uint32_t interrupt_clear_offset = 0x044;  // UARTICR

/// UARTPeriphID0-3 and UARTPCellID0-3: part 0x011, designer 0x41 (Arm), revision 3 (r1p5, whose
/// FIFOs hold 32 characters).
inline constexpr std::uint32_t identification_offset = 0xfe0;
inline constexpr std::array<std::uint8_t, 8> identification = {0x11, 0x10, 0x34, 0x00,
                                                               0x0d, 0xf0, 0x05, 0xb1};

} // namespace bulkhead::pl011
