#pragma once

#include "base/register.hpp"

#include <cstdint>

/// The registers of a 16550 (PC16550D data sheet, section 8), with its names. `index` is the
/// register's number; where it is depends on the chip around it.
namespace bulkhead::driver::ns16550 {

/// RBR when read, THR when written.
struct Data : Register<Data, std::uint8_t> {
    static constexpr unsigned index = 0;
    static constexpr Field<7, 0, std::uint8_t> data{};
};

/// IER.
struct InterruptEnable : Register<InterruptEnable, std::uint8_t> {
    static constexpr unsigned index = 1;
    static constexpr Field<0, 0, bool> erbfi{}; // received data, and its timeout
    static constexpr Field<1, 1, bool> etbei{}; // transmit holding register empty
    static constexpr Field<2, 2, bool> elsi{};  // line status
    static constexpr Field<3, 3, bool> edssi{}; // modem status
};

/// IIR, read only.
struct InterruptIdentification : Register<InterruptIdentification, std::uint8_t> {
    enum class Source : std::uint8_t {
        modem_status = 0x0,
        none = 0x1,
        transmit_empty = 0x2,
        received_data = 0x4,
        line_status = 0x6,
        busy = 0x7, // DW_apb_uart: LCR was written during a transfer
        receive_timeout = 0xc,
    };

    static constexpr unsigned index = 2;
    static constexpr Field<3, 0, Source> source{};
    static constexpr Field<7, 6, std::uint8_t> fifos_enabled{}; // 3: they are
};

/// FCR, write only.
struct FifoControl : Register<FifoControl, std::uint8_t> {
    static constexpr unsigned index = 2;
    static constexpr Field<0, 0, bool> enable{};
    static constexpr Field<1, 1, bool> receive_reset{};
    static constexpr Field<2, 2, bool> transmit_reset{};
    static constexpr Field<7, 6, std::uint8_t> receive_trigger{}; // 0: one character
};

/// LCR.
struct LineControl : Register<LineControl, std::uint8_t> {
    enum class WordLength : std::uint8_t { five, six, seven, eight };

    static constexpr unsigned index = 3;
    static constexpr Field<1, 0, WordLength> wls{};
    static constexpr Field<2, 2, bool> stb{};
    static constexpr Field<3, 3, bool> pen{};
    static constexpr Field<4, 4, bool> eps{};
    static constexpr Field<5, 5, bool> stick_parity{};
    static constexpr Field<6, 6, bool> set_break{};
    static constexpr Field<7, 7, bool> dlab{}; // registers 0 and 1 are the baud rate divisor
};

/// MCR.
struct ModemControl : Register<ModemControl, std::uint8_t> {
    static constexpr unsigned index = 4;
    static constexpr Field<0, 0, bool> dtr{};
    static constexpr Field<1, 1, bool> rts{};
    static constexpr Field<2, 2, bool> out1{};
    static constexpr Field<3, 3, bool> out2{}; // gates the interrupt on many chips
    static constexpr Field<4, 4, bool> loop{};
};

/// LSR.
struct LineStatus : Register<LineStatus, std::uint8_t> {
    static constexpr unsigned index = 5;
    static constexpr Field<0, 0, bool> dr{}; // data ready
    static constexpr Field<1, 1, bool> oe{};
    static constexpr Field<2, 2, bool> pe{};
    static constexpr Field<3, 3, bool> fe{};
    static constexpr Field<4, 4, bool> bi{};
    static constexpr Field<5, 5, bool> thre{}; // transmit holding register, or FIFO, empty
    static constexpr Field<6, 6, bool> temt{};
    static constexpr Field<7, 7, bool> receive_fifo_error{};
};

/// USR, DW_apb_uart only; reading it ends the busy interrupt.
struct UartStatus : Register<UartStatus, std::uint8_t> {
    static constexpr unsigned index = 0x1f;
    static constexpr Field<0, 0, bool> busy{};
};

} // namespace bulkhead::driver::ns16550
