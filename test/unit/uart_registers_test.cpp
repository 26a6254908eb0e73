#include "driver/cadence_uart_registers.hpp"
#include "driver/ns16550_registers.hpp"
#include "machine/pl011_registers.hpp"

#include <cstdint>
#include <gtest/gtest.h>

namespace bulkhead {
namespace {

/// The bits that fields cover, or all ones if two of them share one.
template <typename... Fields>
constexpr std::uint64_t covered(Fields... /*fields*/)
{
    std::uint64_t all = 0;
    bool overlap = false;
    ((overlap = overlap || (all & Fields::mask) != 0, all |= Fields::mask), ...);
    return overlap ? ~std::uint64_t{0} : all;
}

TEST(Pl011Registers, fields_are_those_of_the_manual)
{
    using namespace pl011;
    EXPECT_EQ(covered(Data::data, Data::fe, Data::pe, Data::be, Data::oe), 0xfffU);
    EXPECT_EQ(covered(ReceiveStatus::fe, ReceiveStatus::pe, ReceiveStatus::be, ReceiveStatus::oe),
              0xfU);
    EXPECT_EQ(covered(Flags::cts, Flags::dsr, Flags::dcd, Flags::busy, Flags::rxfe, Flags::txff,
                      Flags::rxff, Flags::txfe, Flags::ri),
              0x1ffU);
    EXPECT_EQ(covered(LineControl::brk, LineControl::pen, LineControl::eps, LineControl::stp2,
                      LineControl::fen, LineControl::wlen, LineControl::sps),
              0xffU);
    EXPECT_EQ(covered(Control::uarten, Control::siren, Control::sirlp, Control::lbe, Control::txe,
                      Control::rxe, Control::dtr, Control::rts, Control::out1, Control::out2,
                      Control::rtsen, Control::ctsen),
              0xff87U);
    EXPECT_EQ(covered(FifoLevels::txiflsel, FifoLevels::rxiflsel), 0x3fU);
    EXPECT_EQ(covered(Interrupts::ri, Interrupts::cts, Interrupts::dcd, Interrupts::dsr,
                      Interrupts::rx, Interrupts::tx, Interrupts::rt, Interrupts::fe,
                      Interrupts::pe, Interrupts::be, Interrupts::oe),
              Interrupts::all);
    EXPECT_EQ(LineControl{}
                  .with(LineControl::wlen, LineControl::WordLength::eight)
                  .with(LineControl::fen, true)
                  .raw(),
              0x70U);
}

TEST(CadenceRegisters, fields_are_those_of_the_manual)
{
    using namespace driver::cadence;
    EXPECT_EQ(covered(Control::rxres, Control::txres, Control::rxen, Control::rxdis, Control::txen,
                      Control::txdis, Control::rstto, Control::sttbrk, Control::stpbrk),
              0x1ffU);
    EXPECT_EQ(covered(Mode::clks, Mode::chrl, Mode::par, Mode::nbstop, Mode::chmode), 0x3ffU);
    EXPECT_EQ(covered(Interrupts::rtrig, Interrupts::rempty, Interrupts::rful, Interrupts::tempty,
                      Interrupts::tful, Interrupts::rovr, Interrupts::frame, Interrupts::pare,
                      Interrupts::timeout, Interrupts::dmsi, Interrupts::ttrig, Interrupts::tnful,
                      Interrupts::tovr, Interrupts::rbrk),
              Interrupts::all);
    EXPECT_EQ(covered(Status::rtrig, Status::rempty, Status::rful, Status::tempty, Status::tful,
                      Status::ractive, Status::tactive, Status::fdelt, Status::ttrig,
                      Status::tnful),
              0x7c1fU);
    EXPECT_EQ(Mode{}.with(Mode::par, Mode::Parity::none).raw(), 0x20U);
}

TEST(Ns16550Registers, fields_are_those_of_the_data_sheet)
{
    using namespace driver::ns16550;
    EXPECT_EQ(covered(InterruptEnable::erbfi, InterruptEnable::etbei, InterruptEnable::elsi,
                      InterruptEnable::edssi),
              0xfU);
    EXPECT_EQ(covered(InterruptIdentification::source, InterruptIdentification::fifos_enabled),
              0xcfU);
    EXPECT_EQ(covered(FifoControl::enable, FifoControl::receive_reset, FifoControl::transmit_reset,
                      FifoControl::receive_trigger),
              0xc7U);
    EXPECT_EQ(covered(LineControl::wls, LineControl::stb, LineControl::pen, LineControl::eps,
                      LineControl::stick_parity, LineControl::set_break, LineControl::dlab),
              0xffU);
    EXPECT_EQ(covered(ModemControl::dtr, ModemControl::rts, ModemControl::out1, ModemControl::out2,
                      ModemControl::loop),
              0x1fU);
    EXPECT_EQ(covered(LineStatus::dr, LineStatus::oe, LineStatus::pe, LineStatus::fe,
                      LineStatus::bi, LineStatus::thre, LineStatus::temt,
                      LineStatus::receive_fifo_error),
              0xffU);
}

} // namespace
} // namespace bulkhead
