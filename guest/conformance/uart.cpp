// The PL011 and its subset, the SBSA generic UART (DDI 0183, 3.3; DEN 0029, appendix B): the
// registers both have. It is the console as well, so what is sent here is a blank in a line of its
// own, and checks of the transmit interrupt print nothing until they are done.

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/gic.hpp"
#include "kit/pl011.hpp"

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

using Flags = Uart011::Flags;
using Interrupts = Uart011::Interrupts;

constexpr auto transmit = static_cast<std::uint32_t>(Interrupts::TX::mask);

RegisterBlock uart() { return RegisterBlock{board().uart_registers.start}; }
std::uint32_t flags() { return uart().read(Uart011::FR); }
Intid line() { return board().uart_interrupt.intid; }

void send(char character)
{
    within(soon, [] { return !Flags::TXFF::of(flags()); });
    uart().write(Uart011::DR, static_cast<std::uint32_t>(static_cast<unsigned char>(character)));
}

bool all_is_sent()
{
    return within(soon, [] { return Flags::TXFE::of(flags()) && !Flags::BUSY::of(flags()); });
}

/// Send until the transmit interrupt rises: it does when the FIFO has drained past its trigger.
bool raise_transmit()
{
    send('#');
    send('\r');
    send('\n');
    return within(soon, [] { return (uart().read(Uart011::RIS) & transmit) != 0; });
}

void sent_text_leaves()
{
    send('#');
    send('\r');
    send('\n');
    expect("FR.TXFE becomes 1 and FR.BUSY 0", all_is_sent());
    expect("FR.TXFF is 0", !Flags::TXFF::of(flags()));
}

void nothing_received_reads_so()
{
    expect("FR.RXFE is 1", Flags::RXFE::of(flags()));
    expect("FR.RXFF is 0", !Flags::RXFF::of(flags()));
}

void flags_take_16_bits()
{
    const At<std::uint16_t> half{Uart011::FR.offset};
    expect("all is sent", all_is_sent());
    expect_equal("FR, 16 bits", uart().read(half) & 0xf8U, flags() & 0xf8U);
}

void data_takes_8_bits()
{
    const At<std::uint8_t> byte{Uart011::DR.offset};
    for (const char character : {'#', '\r', '\n'}) {
        within(soon, [] { return !Flags::TXFF::of(flags()); });
        uart().write(byte, static_cast<std::uint8_t>(character));
    }
    expect("it is sent", all_is_sent());
}

void mask_reads_back()
{
    constexpr auto both = static_cast<std::uint32_t>(Interrupts::RX::mask | Interrupts::RT::mask);
    uart().write(Uart011::IMSC, both);
    expect_equal("IMSC", uart().read(Uart011::IMSC), both);
    uart().write(Uart011::IMSC, 0U);
    expect_equal("IMSC, zero", uart().read(Uart011::IMSC), 0U);
}

void masked_status_is_raw_and_mask()
{
    expect("RIS.TX rises", raise_transmit());
    uart().write(Uart011::IMSC, 0U);
    expect_equal("MIS with IMSC zero", uart().read(Uart011::MIS), 0U);
    uart().write(Uart011::IMSC, transmit);
    expect_equal("MIS with IMSC.TX", uart().read(Uart011::MIS), transmit);
    uart().write(Uart011::IMSC, 0U);
}

void clearing_clears()
{
    expect("RIS.TX rises", raise_transmit());
    expect("all is sent", all_is_sent());
    uart().write(Uart011::ICR, transmit);
    expect_equal("RIS.TX, cleared", uart().read(Uart011::RIS) & transmit, 0U);
    uart().write(Uart011::ICR, 0U);
    expect_equal("RIS.TX still", uart().read(Uart011::RIS) & transmit, 0U);
    expect("RIS.TX rises again", raise_transmit());
}

void masked_line_is_low()
{
    enable(line());
    expect("RIS.TX rises", raise_transmit());
    expect("nothing is signalled with IMSC zero", stays_quiet());
}

void line_is_level()
{
    enable(line());
    expect("RIS.TX rises", raise_transmit());
    uart().write(Uart011::IMSC, transmit);
    for (unsigned n = 0; n < 3; ++n) {
        const auto taken = take();
        if (taken.intid() != line()) {
            expect_equal("interrupts until it stopped though the line is high", n, 3U);
            return;
        }
        expect("active and still pending while the line is high",
               is_active(line()) && is_pending(line()));
        machine::end(taken);
    }
    const auto last = take();
    uart().write(Uart011::ICR, transmit);
    machine::end(last);
    expect("none comes once the line is low", stays_quiet());
}

void lowered_line_withdraws()
{
    enable(line());
    expect("RIS.TX rises", raise_transmit());
    uart().write(Uart011::IMSC, transmit);
    expect("it is signalled", comes());
    uart().write(Uart011::IMSC, 0U);
    expect("it is withdrawn with its line", within(soon, [] { return !signalled(); }));
    expect("it is not pending", !is_pending(line()));
    uart().write(Uart011::IMSC, transmit);
    expect("it comes back with its line", comes());
}

void line_shows_in_pending()
{
    gic::disable(line());
    expect("RIS.TX rises", raise_transmit());
    expect("not pending with IMSC zero", !is_pending(line()));
    uart().write(Uart011::IMSC, transmit);
    expect("pending with IMSC.TX", within(soon, [] { return is_pending(line()); }));
    // Only the source can lower a level (IHI 0069, GICD_ICPENDR).
    clear_pending(line());
    expect("ICPENDR does not lower a line", is_pending(line()));
    uart().write(Uart011::ICR, transmit);
    expect("not pending with the line low", within(soon, [] { return !is_pending(line()); }));
}

constexpr Check checks[] = {
    {"uart.sent_text_leaves", sent_text_leaves, Needs::uart011},
    {"uart.nothing_received_reads_so", nothing_received_reads_so, Needs::uart011},
    {"uart.flags_take_16_bits", flags_take_16_bits, Needs::uart011},
    {"uart.data_takes_8_bits", data_takes_8_bits, Needs::uart011},
    {"uart.mask_reads_back", mask_reads_back, Needs::uart011},
    {"uart.masked_status_is_raw_and_mask", masked_status_is_raw_and_mask, Needs::uart011},
    {"uart.clearing_clears", clearing_clears, Needs::uart011},
    {"uart.masked_line_is_low", masked_line_is_low, Needs::uart011},
    {"uart.line_is_level", line_is_level, Needs::uart011},
    {"uart.lowered_line_withdraws", lowered_line_withdraws, Needs::uart011},
    {"uart.line_shows_in_pending", line_shows_in_pending, Needs::uart011},
};

} // namespace

constinit const Group uart_group = checks;

} // namespace bulkhead::guest::conformance
