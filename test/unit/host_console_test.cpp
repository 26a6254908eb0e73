#include "base/host_console.hpp"

#include "machine/captured_console.hpp"
#include "machine/test_machine.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace bulkhead {
namespace {

using test::take_console_output;

class HostConsoleTest : public testing::Test {
protected:
    HostConsoleTest() { (void)take_console_output(); }

    std::string line(std::initializer_list<std::string_view> parts)
    {
        const Guard guard{console.lock};
        console.write_line(parts);
        return take_console_output();
    }
    void write_raw(std::string_view bytes)
    {
        const Guard guard{console.lock};
        console.write_raw(bytes);
    }
    void set_stamp(HostConsole::Stamp stamp)
    {
        const Guard guard{console.lock};
        console.set_stamp(stamp);
    }

    void flush()
    {
        const Guard guard{console.lock};
        console.flush();
    }
    bool catch_up()
    {
        const Guard guard{console.lock};
        return console.catch_up();
    }

    test::TestMachine& machine = test::new_machine();
    test::ConsoleWire& wire = test::console_wire() = {};
    HostConsole console;
};

TEST_F(HostConsoleTest, a_line_is_its_parts_behind_xens_mark)
{
    EXPECT_EQ(line({"a", "", "bc"}), "(XEN) abc\r\n");
    EXPECT_EQ(line({}), "(XEN) \r\n");
}

TEST_F(HostConsoleTest, raw_bytes_go_out_as_they_are)
{
    write_raw("a\nb\r\n\x1b");
    EXPECT_EQ(take_console_output(), "a\nb\r\n\x1b");
}

TEST_F(HostConsoleTest, an_open_line_is_ended_once)
{
    write_raw("$ ");
    EXPECT_EQ(line({"x"}), "$ \r\n(XEN) x\r\n");
    EXPECT_EQ(line({"y"}), "(XEN) y\r\n");
}

TEST_F(HostConsoleTest, writing_nothing_leaves_a_line_as_it_was)
{
    write_raw("$ ");
    write_raw("");
    EXPECT_EQ(line({"x"}), "$ \r\n(XEN) x\r\n");
    write_raw("");
    EXPECT_EQ(line({"y"}), "(XEN) y\r\n");
}

TEST_F(HostConsoleTest, a_stamp_is_the_seconds_since_it_was_chosen)
{
    machine.now = Ticks{5'000'000'000};
    set_stamp(HostConsole::Stamp::seconds);
    EXPECT_EQ(line({"x"}), "(XEN) [    0.000000] x\r\n");
    machine.now += 1'234'567'89;
    EXPECT_EQ(line({"x"}), "(XEN) [    1.234567] x\r\n");
    machine.now += 100'000'000ULL * 1'000'000;
    EXPECT_EQ(line({"x"}), "(XEN) [1000001.234567] x\r\n");
}

TEST_F(HostConsoleTest, a_stamp_can_be_the_counter)
{
    set_stamp(HostConsole::Stamp::ticks);
    machine.now = Ticks{0};
    EXPECT_EQ(line({"x"}), "(XEN) [0] x\r\n");
    machine.now = Ticks{~std::uint64_t{0}};
    EXPECT_EQ(line({"x"}), "(XEN) [18446744073709551615] x\r\n");
}

TEST_F(HostConsoleTest, nobody_waits_for_the_wire_of_a_uart_that_interrupts)
{
    wire = {.room = 3, .has_interrupt = true};
    EXPECT_EQ(line({"x"}), "(XE");
    EXPECT_TRUE(wire.wants_room);
    wire.room = 100;
    EXPECT_TRUE(catch_up());
    EXPECT_EQ(take_console_output(), "N) x\r\n");
    EXPECT_FALSE(wire.wants_room);
}

TEST_F(HostConsoleTest, who_was_held_back_is_let_go_by_the_interrupt_alone)
{
    wire = {.room = 0, .has_interrupt = true};
    while (!console.is_behind())
        write_raw("0123456789");
    wire.room = test::ConsoleWire::endless;
    write_raw("!");
    EXPECT_TRUE(console.is_behind());
    EXPECT_TRUE(wire.wants_room);
    EXPECT_TRUE(catch_up());
    EXPECT_FALSE(console.is_behind());
    EXPECT_FALSE(wire.wants_room);
}

TEST_F(HostConsoleTest, before_the_machine_is_switched_off_everything_is_out)
{
    wire = {.room = 0, .has_interrupt = true};
    write_raw("last words");
    wire.room = test::ConsoleWire::endless;
    flush();
    EXPECT_EQ(take_console_output(), "last words");
}

TEST_F(HostConsoleTest, a_uart_that_takes_nothing_costs_its_patience_once)
{
    wire.room = 0;
    // A million polls for every one of them would take minutes.
    for (int i = 0; i < 100'000; ++i)
        write_raw("x");
    wire.room = test::ConsoleWire::endless;
    write_raw("y");
    EXPECT_EQ(take_console_output(), "y");
}

} // namespace
} // namespace bulkhead
