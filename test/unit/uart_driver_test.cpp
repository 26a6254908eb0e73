#include "driver/uart.hpp"

#include "driver/cadence_uart_registers.hpp"
#include "driver/ns16550_registers.hpp"
#include "machine/pl011_registers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <string_view>

namespace bulkhead::driver {
namespace {

/// Registers that are only memory: what a driver leaves in them, and what it makes of what it
/// finds.
class UartDriverTest : public testing::Test {
protected:
    [[nodiscard]] Uart uart(std::string_view compatible, unsigned shift = 0, unsigned width = 1)
    {
        return *Uart::matching(
            compatible, {.base = registers.data(), .register_shift = shift, .access_width = width});
    }
    template <typename T = std::uint32_t>
    [[nodiscard]] T read(std::size_t offset) const
    {
        T value{};
        std::memcpy(&value, registers.data() + offset, sizeof value);
        return value;
    }
    template <typename T = std::uint32_t>
    void set(std::size_t offset, std::type_identity_t<T> value)
    {
        std::memcpy(registers.data() + offset, &value, sizeof value);
    }

    alignas(4096) std::array<std::byte, 4096> registers = {};
};

TEST_F(UartDriverTest, known_uarts_are_found_by_their_compatible_strings)
{
    for (const std::string_view known :
         {"arm,pl011", "arm,sbsa-uart", "xlnx,zynqmp-uart", "cdns,uart-r1p12", "cdns,uart-r1p8",
          "xlnx,xuartps", "ns16550a", "ns16550", "snps,dw-apb-uart"}) {
        EXPECT_TRUE(Uart::supports(known)) << known;
        EXPECT_TRUE(Uart::matching(known, {.base = registers.data()})) << known;
    }
    for (const std::string_view unknown :
         {"", "arm,pl01", "arm,pl0111", "arm,primecell", "arm,dcc"}) {
        EXPECT_FALSE(Uart::supports(unknown)) << unknown;
        EXPECT_FALSE(Uart::matching(unknown, {.base = registers.data()})) << unknown;
    }
}

// PL011

TEST_F(UartDriverTest, an_untouched_pl011_is_turned_on)
{
    set(pl011::Control::offset, 0x300);
    set(pl011::interrupt_mask_offset, 0x7ff);
    uart("arm,pl011").start();
    EXPECT_EQ(read(pl011::LineControl::offset), 0x70U);
    EXPECT_EQ(read(pl011::Control::offset), 0xf01U);
    EXPECT_EQ(read(pl011::interrupt_mask_offset), 0U);
}

TEST_F(UartDriverTest, a_pl011_that_firmware_uses_keeps_its_settings)
{
    set(pl011::Control::offset, 0xc301);
    set(pl011::LineControl::offset, 0x4e);
    uart("arm,pl011").start();
    EXPECT_EQ(read(pl011::Control::offset), 0xc301U);
    EXPECT_EQ(read(pl011::LineControl::offset), 0x4eU);
}

TEST_F(UartDriverTest, an_sbsa_uart_is_used_as_it_is)
{
    uart("arm,sbsa-uart").start();
    EXPECT_EQ(read(pl011::Control::offset), 0U);
    EXPECT_EQ(read(pl011::LineControl::offset), 0U);
}

TEST_F(UartDriverTest, a_pl011_sends_when_there_is_room)
{
    auto console = uart("arm,pl011");
    EXPECT_TRUE(console.try_write('a'));
    EXPECT_EQ(read(pl011::Data::offset), std::uint32_t{'a'});
    set(pl011::Flags::offset, 0x20);
    EXPECT_FALSE(console.try_write('b'));
    EXPECT_EQ(read(pl011::Data::offset), std::uint32_t{'a'});
}

TEST_F(UartDriverTest, a_pl011_reads_what_it_has)
{
    auto console = uart("arm,pl011");
    set(pl011::Data::offset, 'x');
    set(pl011::Flags::offset, 0x10);
    EXPECT_EQ(console.try_read(), std::nullopt);
    set(pl011::Flags::offset, 0);
    EXPECT_EQ(console.try_read(), 'x');
}

TEST_F(UartDriverTest, a_pl011_interrupts_for_what_it_receives_and_for_room_if_that_is_wanted)
{
    auto console = uart("arm,pl011");
    console.enable_interrupts(false);
    EXPECT_EQ(read(pl011::interrupt_mask_offset), 0x50U);
    console.enable_interrupts(true);
    EXPECT_EQ(read(pl011::interrupt_mask_offset), 0x70U);
}

// Cadence

TEST_F(UartDriverTest, an_untouched_cadence_uart_is_turned_on)
{
    set(cadence::Control::offset, 0x128);
    uart("xlnx,zynqmp-uart").start();
    EXPECT_EQ(read(cadence::Control::offset), 0x114U);
    EXPECT_EQ(read(cadence::Mode::offset), 0x20U);
    EXPECT_EQ(read(cadence::interrupt_disable_offset), 0x3fffU);
}

TEST_F(UartDriverTest,
       a_cadence_uart_that_firmware_prints_on_keeps_its_format_and_gets_its_receiver)
{
    set(cadence::Control::offset, 0x18);
    set(cadence::Mode::offset, 0x123);
    uart("cdns,uart-r1p12").start();
    EXPECT_EQ(read(cadence::Control::offset), 0x114U);
    EXPECT_EQ(read(cadence::Mode::offset), 0x123U);
}

TEST_F(UartDriverTest, a_cadence_uart_that_works_both_ways_is_left_alone)
{
    set(cadence::Control::offset, 0x14);
    uart("cdns,uart-r1p8").start();
    EXPECT_EQ(read(cadence::Control::offset), 0x14U);
}

TEST_F(UartDriverTest, a_cadence_uart_sends_and_reads)
{
    auto console = uart("xlnx,xuartps");
    set(cadence::Status::offset, 0x10);
    EXPECT_FALSE(console.try_write('a'));
    EXPECT_EQ(read(cadence::Fifo::offset), 0U);
    set(cadence::Status::offset, 0x02);
    EXPECT_TRUE(console.try_write('b'));
    EXPECT_EQ(read(cadence::Fifo::offset), std::uint32_t{'b'});
    EXPECT_EQ(console.try_read(), std::nullopt);
    set(cadence::Status::offset, 0);
    EXPECT_EQ(console.try_read(), 'b');
}

TEST_F(UartDriverTest, a_cadence_uart_interrupts_at_the_first_character)
{
    uart("xlnx,xuartps").enable_interrupts(false);
    EXPECT_EQ(read(cadence::ReceiveTrigger::offset), 1U);
    EXPECT_EQ(read(cadence::interrupt_enable_offset), 0x105U);
    EXPECT_EQ(read(cadence::interrupt_disable_offset), 0x008U);
}

TEST_F(UartDriverTest, a_cadence_uart_interrupts_when_its_fifo_empties_if_that_is_wanted)
{
    uart("xlnx,xuartps").enable_interrupts(true);
    EXPECT_EQ(read(cadence::interrupt_enable_offset), 0x10dU);
    EXPECT_EQ(read(cadence::interrupt_disable_offset), 0U);
    EXPECT_EQ(read(cadence::interrupt_status_offset), 0x008U);
}

// 16550

TEST_F(UartDriverTest, an_untouched_16550_gets_the_usual_format)
{
    uart("ns16550a").start();
    EXPECT_EQ(read<std::uint8_t>(3), 0x03U);
    EXPECT_EQ(read<std::uint8_t>(2), 0x01U);
    EXPECT_EQ(read<std::uint8_t>(4), 0x0bU);
}

TEST_F(UartDriverTest, a_16550_that_firmware_uses_keeps_its_format)
{
    set<std::uint8_t>(3, 0x9a);
    set<std::uint8_t>(2, 0xc1);
    uart("ns16550a").start();
    EXPECT_EQ(read<std::uint8_t>(3), 0x1aU);
    EXPECT_EQ(read<std::uint8_t>(2), 0xc1U);
}

TEST_F(UartDriverTest, a_16550s_registers_are_as_far_apart_and_as_wide_as_its_node_says)
{
    set<std::uint8_t>(5, 0x60);
    EXPECT_TRUE(uart("ns16550a").try_write('a'));
    EXPECT_EQ(read<std::uint8_t>(0), 'a');

    registers = {};
    set<std::uint16_t>(5 << 1, 0x60);
    EXPECT_TRUE(uart("ns16550a", 1, 2).try_write('b'));
    EXPECT_EQ(read<std::uint16_t>(0), 'b');

    registers = {};
    set(0, 0xffff'ffff);
    set(5 << 2, 0x60);
    EXPECT_TRUE(uart("snps,dw-apb-uart", 2, 4).try_write('c'));
    EXPECT_EQ(read(0), std::uint32_t{'c'});
}

TEST_F(UartDriverTest, a_16550_reads_what_it_has)
{
    auto console = uart("ns16550a");
    set<std::uint8_t>(0, 'x');
    EXPECT_EQ(console.try_read(), std::nullopt);
    set<std::uint8_t>(5, 0x01);
    EXPECT_EQ(console.try_read(), 'x');
    console.enable_interrupts(false);
    EXPECT_EQ(read<std::uint8_t>(1), 0x01U);
    console.enable_interrupts(true);
    EXPECT_EQ(read<std::uint8_t>(1), 0x03U);
}

TEST_F(UartDriverTest, an_empty_16550_takes_its_whole_fifo)
{
    set<std::uint8_t>(2, 0xc1);
    set<std::uint8_t>(3, 0x03);
    auto console = uart("ns16550a");
    console.start();
    EXPECT_FALSE(console.try_write('a'));
    set<std::uint8_t>(5, 0x20);
    EXPECT_TRUE(console.try_write('a'));
    set<std::uint8_t>(5, 0);
    for (int i = 1; i < 16; ++i)
        EXPECT_TRUE(console.try_write('a')) << i;
    EXPECT_FALSE(console.try_write('a'));
}

// All

TEST_F(UartDriverTest, handling_an_interrupt_without_input_ends)
{
    set(pl011::Flags::offset, 0x10);
    uart("arm,pl011").handle_interrupt([](char /*c*/) { FAIL(); });
    EXPECT_EQ(read(pl011::interrupt_clear_offset), 0x50U);
}

} // namespace
} // namespace bulkhead::driver
