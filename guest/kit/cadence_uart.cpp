#include "kit/cadence_uart.hpp"

#include "kit/field.hpp"

namespace bulkhead::guest {
namespace {

// UG1087, "UART module", by offset.
constexpr At<std::uint32_t> Control{0x00};
constexpr At<std::uint32_t> Intrpt_en{0x08};
constexpr At<std::uint32_t> Intrpt_dis{0x0c};
constexpr At<std::uint32_t> Chnl_int_sts{0x14};
constexpr At<std::uint32_t> Rcvr_FIFO_trigger_level{0x20};
constexpr At<std::uint32_t> Channel_sts{0x2c};
constexpr At<std::uint32_t> TX_RX_FIFO{0x30};

namespace control {
using RXRES = Bit<0>;
using TXRES = Bit<1>;
using RXEN = Bit<2>;
using TXEN = Bit<4>;
} // namespace control

namespace status {
using REMPTY = Bit<1>;
using TFUL = Bit<4>;
} // namespace status

namespace interrupts {
using RTRIG = Bit<0>;
constexpr std::uint32_t all = 0x1fff;
} // namespace interrupts

} // namespace

CadenceUart::CadenceUart(RegisterBlock registers) : registers_{registers}
{
    registers_.write(Intrpt_dis, interrupts::all);
    registers_.write(
        Control, static_cast<std::uint32_t>(control::RXRES::put(true) | control::TXRES::put(true) |
                                            control::RXEN::put(true) | control::TXEN::put(true)));
    registers_.write(Rcvr_FIFO_trigger_level, 1U);
    registers_.write(Chnl_int_sts, interrupts::all);
}

bool CadenceUart::can_send() const { return !status::TFUL::of(registers_.read(Channel_sts)); }

void CadenceUart::send(char character) const
{
    registers_.write(TX_RX_FIFO, static_cast<std::uint32_t>(static_cast<unsigned char>(character)));
}

bool CadenceUart::has_received() const { return !status::REMPTY::of(registers_.read(Channel_sts)); }

char CadenceUart::receive() const { return static_cast<char>(registers_.read(TX_RX_FIFO)); }

void CadenceUart::enable_receive_interrupt() const
{
    registers_.write(Intrpt_en, static_cast<std::uint32_t>(interrupts::RTRIG::mask));
}

void CadenceUart::acknowledge_receive_interrupt() const
{
    registers_.write(Chnl_int_sts, static_cast<std::uint32_t>(interrupts::RTRIG::mask));
}

} // namespace bulkhead::guest
