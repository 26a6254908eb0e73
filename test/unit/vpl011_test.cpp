#include "device/vpl011.hpp"

#include "machine/test_machine.hpp"

#include <bit>
#include <cstdint>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace bulkhead::device {
namespace {

using namespace pl011;

constexpr std::uint32_t fifo_depth = 32;
constexpr auto waiting_most = Vpl011::waiting_most;

/// The UART with a guest on one side, and the far end of its wires on the other.
class Vpl011Test : public testing::Test {
protected:
    template <typename R>
    R read()
    {
        return R::from(read(R::offset));
    }
    std::uint32_t read(std::uint64_t offset, unsigned size = 4)
    {
        return static_cast<std::uint32_t>(uart.read(offset, size));
    }
    template <typename R>
    void write(R value)
    {
        uart.write(R::offset, 4, value.raw());
    }
    void write(std::uint64_t offset, std::uint64_t value, unsigned size = 4)
    {
        uart.write(offset, size, value);
    }
    void send(std::string_view text)
    {
        for (const char c : text)
            write(Data{}.with(Data::data, static_cast<std::uint8_t>(c)));
    }
    void receive(std::string_view text)
    {
        for (const char c : text)
            uart.receive(c);
    }
    /// Reads the receive FIFO until it says that it is empty.
    std::string take_all()
    {
        std::string taken;
        while (!read<Flags>().get(Flags::rxfe))
            taken += static_cast<char>(read<Data>().get(Data::data));
        return taken;
    }
    Interrupts raw() { return Interrupts::from(read(raw_interrupt_offset)); }
    void clear(std::uint32_t interrupts) { write(interrupt_clear_offset, interrupts); }
    void let_through(std::uint32_t interrupts) { write(interrupt_mask_offset, interrupts); }
    void set_fifos(bool on) { write(read<LineControl>().with(LineControl::fen, on)); }
    void set_levels(std::uint8_t receive_level, std::uint8_t transmit_level)
    {
        write(FifoLevels{}
                  .with(FifoLevels::rxiflsel, receive_level)
                  .with(FifoLevels::txiflsel, transmit_level));
    }

    void expect_initial_registers()
    {
        EXPECT_EQ(read<Control>().raw(), 0x301U);
        EXPECT_EQ(read<LineControl>().raw(), 0x70U);
        EXPECT_EQ(read<FifoLevels>().raw(), 0x12U);
        EXPECT_EQ(read<LowPowerDivisor>().raw(), 0U);
        EXPECT_EQ(read<IntegerDivisor>().raw(), 0U);
        EXPECT_EQ(read<FractionalDivisor>().raw(), 0U);
        EXPECT_EQ(read<ReceiveStatus>().raw(), 0U);
        EXPECT_EQ(read<Flags>().raw(), 0x90U);
        EXPECT_EQ(read(interrupt_mask_offset), 0U);
        EXPECT_EQ(raw().raw(), 0U);
        EXPECT_FALSE(line);
    }

    bool take_sent(char c)
    {
        if (room == 0) return false;
        --room;
        sent += c;
        return true;
    }
    void take_line(bool level)
    {
        line = level;
        ++line_changes;
    }

    std::string sent;
    /// Characters that the far end takes before it asks to wait.
    std::size_t room = ~std::size_t{0};
    bool line = false;
    unsigned line_changes = 0;
    Vpl011 uart{Callback<bool(char)>::to<&Vpl011Test::take_sent>(*this),
                Callback<void(bool)>::to<&Vpl011Test::take_line>(*this)};
};

constexpr auto rx = Interrupts{}.with(Interrupts::rx, true).raw();
constexpr auto tx = Interrupts{}.with(Interrupts::tx, true).raw();
constexpr auto rt = Interrupts{}.with(Interrupts::rt, true).raw();
constexpr auto oe = Interrupts{}.with(Interrupts::oe, true).raw();

constexpr auto enabled =
    Control{}.with(Control::uarten, true).with(Control::txe, true).with(Control::rxe, true);
constexpr auto looped_back = enabled.with(Control::lbe, true);

std::string characters(std::size_t count)
{
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += static_cast<char>('0' + i % 64);
    return text;
}

TEST_F(Vpl011Test, starts_as_firmware_leaves_an_sbsa_uart)
{
    expect_initial_registers();
    EXPECT_EQ(line_changes, 0U);
}

TEST_F(Vpl011Test, identifies_itself_as_a_pl011_r1p5)
{
    constexpr std::uint8_t expected[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    for (std::uint32_t i = 0; i < std::size(expected); ++i)
        EXPECT_EQ(read(0xfe0 + 4 * i), expected[i]);
    write(0xfe0, 0xff);
    EXPECT_EQ(read(0xfe0), 0x11U);
}

TEST_F(Vpl011Test, what_is_written_is_sent_at_once)
{
    send("hello\r\n");
    EXPECT_EQ(sent, "hello\r\n");
    EXPECT_EQ(read<Flags>().raw(), 0x90U);
}

TEST_F(Vpl011Test, what_arrives_is_read_in_order)
{
    receive("abc");
    EXPECT_FALSE(read<Flags>().get(Flags::rxfe));
    EXPECT_EQ(take_all(), "abc");
    EXPECT_TRUE(read<Flags>().get(Flags::rxfe));
}

TEST_F(Vpl011Test, eight_bit_characters_pass_both_ways)
{
    send("\xc3\xa4\xff");
    EXPECT_EQ(sent, "\xc3\xa4\xff");
    uart.receive('\xff');
    EXPECT_EQ(read<Data>().raw(), 0xffU);
}

// Transmit interrupt: DDI 0183, 2.8.3.

TEST_F(Vpl011Test, enabling_the_transmit_interrupt_before_anything_was_sent_gives_none)
{
    let_through(tx);
    EXPECT_EQ(raw().raw(), 0U);
    EXPECT_FALSE(line);
}

TEST_F(Vpl011Test, a_character_that_left_raises_the_transmit_interrupt)
{
    let_through(tx);
    send("x");
    EXPECT_EQ(raw().raw(), tx);
    EXPECT_EQ(read(masked_interrupt_offset), tx);
    EXPECT_TRUE(line);
}

TEST_F(Vpl011Test, a_cleared_transmit_interrupt_stays_away_until_more_is_sent)
{
    let_through(tx);
    send("x");
    clear(tx);
    EXPECT_EQ(raw().raw(), 0U);
    EXPECT_FALSE(line);
    send("y");
    EXPECT_TRUE(line);
}

TEST_F(Vpl011Test, a_driver_that_sends_from_its_interrupt_and_masks_it_when_done_sends_everything)
{
    const std::string text = characters(1000);
    std::size_t next = 0;
    const auto fill = [&] {
        for (unsigned i = 0; i < fifo_depth / 2 && next < text.size(); ++i)
            send({&text[next++], 1});
        if (next == text.size()) let_through(0);
    };
    let_through(tx);
    fill();
    while (line)
        fill();
    EXPECT_EQ(sent, text);
}

TEST_F(Vpl011Test, what_is_written_while_off_waits_in_the_fifo)
{
    write(Control{});
    send("ab");
    EXPECT_EQ(sent, "");
    EXPECT_TRUE(read<Flags>().get(Flags::busy));
    EXPECT_FALSE(read<Flags>().get(Flags::txfe));
    write(enabled);
    EXPECT_EQ(sent, "ab");
    EXPECT_FALSE(read<Flags>().get(Flags::busy));
    EXPECT_EQ(raw().raw(), tx);
}

TEST_F(Vpl011Test, the_transmitter_alone_can_be_off)
{
    write(enabled.with(Control::txe, false));
    send("ab");
    EXPECT_EQ(sent, "");
    receive("c");
    EXPECT_EQ(take_all(), "c");
    write(enabled);
    EXPECT_EQ(sent, "ab");
}

TEST_F(Vpl011Test, a_full_transmit_fifo_says_so_and_loses_what_follows)
{
    write(Control{});
    send(characters(fifo_depth - 1));
    EXPECT_FALSE(read<Flags>().get(Flags::txff));
    send("y");
    EXPECT_TRUE(read<Flags>().get(Flags::txff));
    send("z");
    write(enabled);
    EXPECT_EQ(sent, characters(fifo_depth - 1) + "y");
}

TEST_F(Vpl011Test, filling_the_transmit_fifo_above_its_level_clears_the_interrupt)
{
    send("x");
    write(Control{});
    send(characters(16));
    EXPECT_EQ(raw().raw(), tx);
    send("y");
    EXPECT_EQ(raw().raw(), 0U);
}

TEST_F(Vpl011Test, turning_fifos_off_flushes_what_was_not_sent)
{
    write(Control{});
    send("lost");
    set_fifos(false);
    EXPECT_TRUE(read<Flags>().get(Flags::txfe));
    send("1");
    EXPECT_TRUE(read<Flags>().get(Flags::txff));
    send("2");
    write(enabled);
    EXPECT_EQ(sent, "1");
}

// Receive and receive timeout interrupts: DDI 0183, 2.8.2 and 2.8.4.

class Vpl011ReceiveLevel : public Vpl011Test,
                           public testing::WithParamInterface<std::pair<std::uint8_t, unsigned>> {};

TEST_P(Vpl011ReceiveLevel, the_receive_interrupt_starts_at_the_level_and_ends_below_it)
{
    const auto [selected, level] = GetParam();
    set_levels(selected, 2);
    receive(characters(level - 1));
    EXPECT_EQ(raw().raw() & rx, 0U);
    receive("x");
    EXPECT_EQ(raw().raw() & rx, rx);
    (void)read<Data>();
    EXPECT_EQ(raw().raw() & rx, 0U);
}

// 5 to 7 are reserved.
INSTANTIATE_TEST_SUITE_P(Levels, Vpl011ReceiveLevel,
                         testing::Values(std::pair{0, 4}, std::pair{1, 8}, std::pair{2, 16},
                                         std::pair{3, 24}, std::pair{4, 28}, std::pair{5, 28},
                                         std::pair{6, 28}, std::pair{7, 28}));

class Vpl011TransmitLevel : public Vpl011ReceiveLevel {};

TEST_P(Vpl011TransmitLevel, the_transmit_interrupt_ends_above_the_level)
{
    const auto [selected, level] = GetParam();
    set_levels(2, selected);
    send("x");
    write(Control{});
    send(characters(level));
    EXPECT_EQ(raw().raw(), tx);
    send("x");
    EXPECT_EQ(raw().raw(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Levels, Vpl011TransmitLevel,
                         testing::Values(std::pair{0, 4}, std::pair{1, 8}, std::pair{2, 16},
                                         std::pair{3, 24}, std::pair{4, 28}, std::pair{7, 28}));

TEST_F(Vpl011Test, below_the_level_the_timeout_comes_at_once_and_lasts_until_the_fifo_is_empty)
{
    let_through(rt);
    receive("ab");
    EXPECT_EQ(raw().raw(), rt);
    EXPECT_TRUE(line);
    (void)read<Data>();
    EXPECT_TRUE(line);
    (void)read<Data>();
    EXPECT_EQ(raw().raw(), 0U);
    EXPECT_FALSE(line);
}

TEST_F(Vpl011Test, without_fifos_every_character_is_a_receive_interrupt)
{
    set_fifos(false);
    let_through(rx);
    receive("a");
    EXPECT_EQ(raw().raw(), rx | rt);
    EXPECT_TRUE(read<Flags>().get(Flags::rxff));
    EXPECT_EQ(read<Data>().raw(), std::uint32_t{'a'});
    EXPECT_FALSE(line);
}

TEST_F(Vpl011Test, clearing_what_was_seen_clears_it_although_data_is_left)
{
    receive(characters(16));
    EXPECT_EQ(raw().raw(), rx | rt);
    clear(rx | rt);
    EXPECT_EQ(raw().raw(), 0U);
    EXPECT_EQ(take_all(), characters(16));
}

TEST_F(Vpl011Test, what_is_left_after_a_read_times_out_again)
{
    receive("ab");
    (void)raw();
    clear(rt);
    (void)read<Data>();
    EXPECT_EQ(raw().raw(), rt);
}

TEST_F(Vpl011Test, clearing_does_not_lose_a_character_that_came_after_the_last_look)
{
    let_through(rx | rt);
    receive("a");
    EXPECT_EQ(take_all(), "a");
    receive("b"); // the driver has seen RXFE, and has yet to acknowledge
    clear(rx | rt);
    EXPECT_TRUE(line);
    EXPECT_EQ(take_all(), "b");
    EXPECT_FALSE(line);
}

TEST_F(Vpl011Test, clearing_does_not_lose_a_level_that_was_reached_after_the_last_look)
{
    set_fifos(false);
    let_through(rx);
    receive("a");
    EXPECT_EQ(take_all(), "a");
    receive("b");
    clear(rx);
    EXPECT_TRUE(line);
}

TEST_F(Vpl011Test, a_lowered_level_that_is_reached_interrupts)
{
    set_levels(4, 2);
    receive(characters(16));
    clear(rt);
    EXPECT_EQ(raw().raw(), rt);
    set_levels(2, 2);
    EXPECT_EQ(raw().raw(), rt | rx);
    set_levels(3, 2);
    EXPECT_EQ(raw().raw(), rt);
}

TEST_F(Vpl011Test, a_raised_transmit_level_that_is_reached_interrupts)
{
    set_levels(2, 0);
    write(Control{});
    send(characters(8));
    EXPECT_EQ(raw().raw(), 0U);
    set_levels(2, 1);
    EXPECT_EQ(raw().raw(), tx);
    set_levels(2, 0);
    EXPECT_EQ(raw().raw(), 0U);
}

// Input that comes faster than the guest reads.

TEST_F(Vpl011Test, input_behind_a_full_fifo_waits_and_none_is_lost)
{
    const auto text = characters(fifo_depth + waiting_most);
    receive(text);
    EXPECT_TRUE(read<Flags>().get(Flags::rxff));
    EXPECT_EQ(raw().raw(), rx | rt);
    EXPECT_EQ(take_all(), text);
    EXPECT_FALSE(read<ReceiveStatus>().get(ReceiveStatus::oe));
}

TEST_F(Vpl011Test, input_that_waits_behind_a_fifo_keeps_the_receive_interrupt_up)
{
    receive(characters(fifo_depth + 1));
    clear(rx | rt);
    (void)read<Data>();
    EXPECT_EQ(raw().raw(), rx | rt);
}

TEST_F(Vpl011Test, more_than_can_wait_is_an_overrun)
{
    const auto text = characters(fifo_depth + waiting_most);
    let_through(oe);
    receive(text);
    EXPECT_FALSE(line);
    receive("!");
    EXPECT_TRUE(line);
    EXPECT_TRUE(read<ReceiveStatus>().get(ReceiveStatus::oe));
    const auto first = read<Data>();
    EXPECT_TRUE(first.get(Data::oe));
    EXPECT_EQ(first.get(Data::data), text[0]);
    EXPECT_FALSE(read<Data>().get(Data::oe));
    EXPECT_EQ(take_all(), text.substr(2));

    EXPECT_TRUE(read<ReceiveStatus>().get(ReceiveStatus::oe));
    write(ReceiveStatus::offset, 0);
    EXPECT_EQ(read<ReceiveStatus>().raw(), 0U);
    EXPECT_EQ(raw().raw(), oe);
    clear(oe);
    EXPECT_FALSE(line);
}

TEST_F(Vpl011Test, input_for_a_receiver_that_is_off_waits)
{
    write(Control{});
    receive("early");
    EXPECT_TRUE(read<Flags>().get(Flags::rxfe));
    EXPECT_EQ(raw().raw(), 0U);
    write(enabled);
    EXPECT_EQ(raw().raw(), rt);
    EXPECT_EQ(take_all(), "early");
}

TEST_F(Vpl011Test, too_much_input_for_a_receiver_that_is_off_is_no_overrun)
{
    write(Control{});
    receive(characters(2 * waiting_most));
    write(enabled);
    EXPECT_EQ(raw().raw(), rx | rt);
    EXPECT_EQ(take_all(), characters(waiting_most));
}

TEST_F(Vpl011Test, turning_fifos_off_and_on_keeps_what_was_received)
{
    const auto text = characters(40);
    receive(text);
    set_fifos(false);
    EXPECT_TRUE(read<Flags>().get(Flags::rxff));
    EXPECT_EQ(read<Data>().get(Data::data), text[0]);
    set_fifos(true);
    EXPECT_EQ(take_all(), text.substr(1));
}

TEST_F(Vpl011Test, an_empty_receive_fifo_reads_zero)
{
    EXPECT_EQ(read<Data>().raw(), 0U);
    EXPECT_EQ(raw().raw(), 0U);
}

// Masks and the line.

TEST_F(Vpl011Test, the_line_is_high_while_an_interrupt_is_raw_and_let_through)
{
    receive("a");
    EXPECT_FALSE(line);
    EXPECT_EQ(read(masked_interrupt_offset), 0U);
    let_through(rt);
    EXPECT_TRUE(line);
    EXPECT_EQ(read(masked_interrupt_offset), rt);
    let_through(tx);
    EXPECT_FALSE(line);
    EXPECT_EQ(raw().raw(), rt);
}

TEST_F(Vpl011Test, the_owner_is_told_only_of_changes)
{
    let_through(Interrupts::all);
    send("abc");
    receive("abc");
    EXPECT_EQ(line_changes, 1U);
    (void)take_all();
    clear(Interrupts::all);
    EXPECT_EQ(line_changes, 2U);
}

TEST_F(Vpl011Test, status_registers_are_read_only_and_clearing_reads_zero)
{
    write(raw_interrupt_offset, ~0U);
    write(masked_interrupt_offset, ~0U);
    write(Flags::offset, 0);
    EXPECT_EQ(raw().raw(), 0U);
    EXPECT_EQ(read<Flags>().raw(), 0x90U);
    EXPECT_EQ(read(interrupt_clear_offset), 0U);
}

// Registers.

TEST_F(Vpl011Test, a_register_keeps_the_bits_that_it_has)
{
    struct {
        std::uint32_t offset;
        std::uint32_t bits;
    } constexpr registers[] = {
        {LowPowerDivisor::offset, 0xff},   {IntegerDivisor::offset, 0xffff},
        {FractionalDivisor::offset, 0x3f}, {LineControl::offset, 0xff},
        {FifoLevels::offset, 0x3f},        {interrupt_mask_offset, 0x7ff},
        {Control::offset, 0xff87},
    };
    for (const auto& [offset, bits] : registers) {
        write(offset, ~0U);
        EXPECT_EQ(read(offset), bits) << std::hex << offset;
        write(offset, 0);
        EXPECT_EQ(read(offset), 0U) << std::hex << offset;
    }
}

TEST_F(Vpl011Test, what_is_no_register_reads_zero_and_ignores_writes)
{
    for (const std::uint64_t offset : {0x008U, 0x010U, 0x048U, 0x04cU, 0x080U, 0x084U, 0x088U,
                                       0x08cU, 0x090U, 0x800U, 0xfdcU, 0x1000U, 0x12345678U}) {
        write(offset, ~0U);
        EXPECT_EQ(read(offset), 0U) << std::hex << offset;
    }
    EXPECT_EQ(sent, "");
}

TEST_F(Vpl011Test, data_is_written_with_any_width)
{
    for (const unsigned size : {1U, 2U, 4U, 8U})
        write(Data::offset, '0' + size, size);
    EXPECT_EQ(sent, "1248");
}

TEST_F(Vpl011Test, data_is_read_with_any_width)
{
    receive("abcd");
    for (const unsigned size : {1U, 2U, 4U, 8U})
        EXPECT_EQ(read(Data::offset, size), 'a' + static_cast<unsigned>(std::countr_zero(size)));
}

TEST_F(Vpl011Test, a_narrow_access_touches_the_bytes_that_it_names)
{
    write(IntegerDivisor::offset, 0x1234);
    EXPECT_EQ(read(IntegerDivisor::offset, 1), 0x34U);
    EXPECT_EQ(read(IntegerDivisor::offset + 1, 1), 0x12U);
    EXPECT_EQ(read(IntegerDivisor::offset + 2, 2), 0U);
    write(IntegerDivisor::offset, 0xff, 1);
    EXPECT_EQ(read(IntegerDivisor::offset), 0x12ffU);
    write(IntegerDivisor::offset + 1, 0xab, 1);
    EXPECT_EQ(read(IntegerDivisor::offset), 0xabffU);
    write(Data::offset + 1, 'x', 1);
    EXPECT_EQ(sent, "");
}

TEST_F(Vpl011Test, a_64_bit_access_is_to_the_register_at_its_address)
{
    write(IntegerDivisor::offset, 0x1111'1111'0000'0007, 8);
    EXPECT_EQ(uart.read(IntegerDivisor::offset, 8), 7U);
    EXPECT_EQ(read<FractionalDivisor>().raw(), 0U);
}

// Loopback.

TEST_F(Vpl011Test, in_loopback_what_is_sent_comes_back_and_goes_nowhere_else)
{
    write(looped_back);
    receive("outside");
    send("inside");
    EXPECT_EQ(sent, "");
    EXPECT_EQ(take_all(), "inside");
    write(enabled);
    EXPECT_EQ(take_all(), "outside");
}

TEST_F(Vpl011Test, in_loopback_a_full_receive_fifo_is_overrun)
{
    write(looped_back);
    send(characters(fifo_depth));
    EXPECT_EQ(raw().raw(), rx | rt | tx);
    send("x");
    EXPECT_EQ(raw().raw(), rx | rt | tx | oe);
    EXPECT_EQ(take_all(), characters(fifo_depth));
}

TEST_F(Vpl011Test, in_loopback_the_modem_outputs_are_its_inputs)
{
    write(looped_back);
    EXPECT_EQ(read<Flags>().raw() & 0x107, 0U);
    write(looped_back.with(Control::rts, true));
    EXPECT_TRUE(read<Flags>().get(Flags::cts));
    EXPECT_EQ(raw(), Interrupts{}.with(Interrupts::cts, true));
    clear(Interrupts::all);
    write(looped_back.with(Control::rts, true)
              .with(Control::dtr, true)
              .with(Control::out1, true)
              .with(Control::out2, true));
    EXPECT_EQ(read<Flags>().raw() & 0x107, 0x107U);
    EXPECT_EQ(raw(), Interrupts{}
                         .with(Interrupts::dsr, true)
                         .with(Interrupts::dcd, true)
                         .with(Interrupts::ri, true));
}

// Life.

TEST_F(Vpl011Test, a_reset_leaves_nothing_of_the_domain_before)
{
    let_through(Interrupts::all);
    receive(characters(100));
    write(enabled.with(Control::txe, false));
    send("left");
    write(IntegerDivisor::offset, 7);
    write(FifoLevels::offset, 0);
    EXPECT_TRUE(line);

    uart.reset();
    EXPECT_FALSE(line);
    expect_initial_registers();
}

TEST_F(Vpl011Test, input_from_another_cpu_arrives_whole_and_in_order_while_the_guest_reads)
{
    auto& machine = test::new_machine(2);
    std::mt19937 random{7};
    const auto text = characters(20'000);
    std::string taken;
    std::size_t given = 0;
    while (taken.size() < text.size()) {
        machine.run_on(CpuId{1});
        for (auto burst = random() % 100; burst != 0 && given < text.size(); --burst) {
            if (given - taken.size() < waiting_most) uart.receive(text[given++]);
        }
        machine.run_on(CpuId{0});
        for (auto burst = random() % 100; burst != 0; --burst) {
            if (read<Flags>().get(Flags::rxfe)) break;
            taken += static_cast<char>(read<Data>().get(Data::data));
        }
    }
    EXPECT_EQ(taken, text);
    EXPECT_FALSE(read<ReceiveStatus>().get(ReceiveStatus::oe));
}

TEST_F(Vpl011Test, what_goes_out_waits_in_the_fifo_until_there_is_room)
{
    room = 2;
    send(characters(10));
    EXPECT_EQ(sent, characters(2));
    EXPECT_TRUE(read<Flags>().get(Flags::busy));
    EXPECT_FALSE(read<Flags>().get(Flags::txff));
    room = 100;
    uart.transmit_again();
    EXPECT_EQ(sent, characters(10));
    EXPECT_FALSE(read<Flags>().get(Flags::busy));
}

TEST_F(Vpl011Test, a_full_transmit_fifo_shows_and_loses_what_is_written_all_the_same)
{
    room = 0;
    send(characters(fifo_depth));
    EXPECT_TRUE(read<Flags>().get(Flags::txff));
    send("lost");
    room = 1000;
    uart.transmit_again();
    EXPECT_EQ(sent, characters(fifo_depth));
}

TEST_F(Vpl011Test, a_transmit_fifo_that_empties_to_its_level_interrupts)
{
    room = 0;
    send(characters(fifo_depth));
    clear(Interrupts::all);
    let_through(tx);
    room = fifo_depth / 2 - 1;
    uart.transmit_again();
    EXPECT_FALSE(line);
    room = 1;
    uart.transmit_again();
    EXPECT_TRUE(line);
}

TEST_F(Vpl011Test, output_goes_out_and_the_line_changes_with_the_lock)
{
    struct Owner {
        bool put(char /*c*/)
        {
            held_at_put = test::machine().cpu().held_locks;
            return true;
        }
        void set_line(bool /*level*/) { held_at_line = test::machine().cpu().held_locks; }
        std::uint32_t held_at_put = 0;
        std::uint32_t held_at_line = 0;
    } owner;
    Vpl011 owned{Callback<bool(char)>::to<&Owner::put>(owner),
                 Callback<void(bool)>::to<&Owner::set_line>(owner)};
    owned.write(interrupt_mask_offset, 4, tx);
    owned.write(Data::offset, 1, 'x');
    EXPECT_EQ(owner.held_at_put, 1U << static_cast<unsigned>(Rank::uart));
    EXPECT_EQ(owner.held_at_line, 1U << static_cast<unsigned>(Rank::uart));
}

TEST_F(Vpl011Test, whatever_a_guest_does_the_line_is_what_the_registers_say)
{
    std::mt19937_64 random{2024};
    constexpr unsigned sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 16};
    for (int step = 0; step < 200'000; ++step) {
        const std::uint64_t anywhere = random();
        const std::uint64_t offset = random() % 8 == 0 ? anywhere : anywhere % 0x50;
        const unsigned size = sizes[random() % std::size(sizes)];
        switch (random() % 4) {
        case 0: (void)uart.read(offset, size); break;
        case 1: uart.receive(static_cast<char>(random())); break;
        case 2: uart.write(offset, size, random()); break;
        default: { // few bits
            auto value = random();
            value &= random();
            uart.write(offset, size, value & random());
        }
        }
        const auto masked = read(masked_interrupt_offset);
        ASSERT_EQ(masked, raw().raw() & read(interrupt_mask_offset)) << step;
        ASSERT_EQ(line, masked != 0) << step;
        const auto flags = read<Flags>();
        ASSERT_FALSE(flags.get(Flags::rxfe) && flags.get(Flags::rxff)) << step;
        ASSERT_FALSE(flags.get(Flags::txfe) && flags.get(Flags::txff)) << step;
        ASSERT_EQ(flags.get(Flags::busy), !flags.get(Flags::txfe)) << step;
        ASSERT_FALSE(flags.get(Flags::rxfe) && raw().get(Interrupts::rt)) << step;
    }
}

} // namespace
} // namespace bulkhead::device
