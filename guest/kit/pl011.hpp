#pragma once

#include "kit/field.hpp"
#include "kit/mmio.hpp"

namespace bulkhead::guest {

/// Registers of the PL011 (DDI 0183, 3.2) and of its subset, the SBSA generic UART
/// (Server Base System Architecture, DEN 0029, appendix B).
struct Uart011 {
    static constexpr At<std::uint32_t> DR{0x000};
    static constexpr At<std::uint32_t> RSR{0x004};
    static constexpr At<std::uint32_t> FR{0x018};
    static constexpr At<std::uint32_t> LCR_H{0x02c}; // not SBSA
    static constexpr At<std::uint32_t> CR{0x030};    // not SBSA
    static constexpr At<std::uint32_t> IMSC{0x038};
    static constexpr At<std::uint32_t> RIS{0x03c};
    static constexpr At<std::uint32_t> MIS{0x040};
    static constexpr At<std::uint32_t> ICR{0x044};

    struct Flags {
        using BUSY = Bit<3>;
        using RXFE = Bit<4>; // nothing received
        using TXFF = Bit<5>; // no room to send
        using RXFF = Bit<6>;
        using TXFE = Bit<7>; // all is sent
    };
    struct Interrupts {
        using RX = Bit<4>;
        using TX = Bit<5>;
        using RT = Bit<6>;
        static constexpr std::uint32_t all = 0x7ff;
    };
    struct LineControl {
        using FEN = Bit<4>;
        using WLEN = Field<6, 5>; // word length - 5
    };
    struct Control {
        using UARTEN = Bit<0>;
        using TXE = Bit<8>;
        using RXE = Bit<9>;
    };
};

/// The driver for both; the clock and the baud rate are as firmware left them.
class Pl011 {
public:
    Pl011() = default;
    Pl011(RegisterBlock registers, bool sbsa);

    [[nodiscard]] bool can_send() const;
    void send(char character) const;
    [[nodiscard]] bool has_received() const;
    [[nodiscard]] char receive() const;
    void enable_receive_interrupt() const;
    void acknowledge_receive_interrupt() const;

private:
    RegisterBlock registers_;
};

} // namespace bulkhead::guest
