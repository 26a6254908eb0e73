#include "device/console_mux.hpp"

#include "base/log.hpp"
#include "device/vpl011.hpp"
#include "machine/captured_console.hpp"
#include "machine/test_machine.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace bulkhead::device {
namespace {

using test::take_console_output;

/// A domain that remembers what it was typed.
struct Typist {
    explicit Typist(std::uint16_t id) : console(DomainId{id}) {}
    void receive(char c) { typed += c; }
    void resume() { ++resumed; }
    [[nodiscard]] Callback<void(char)> receiver()
    {
        return Callback<void(char)>::to<&Typist::receive>(*this);
    }

    DomainConsole console;
    std::string typed;
    unsigned resumed = 0;
};

class ConsoleMuxTest : public testing::Test {
protected:
    ConsoleMuxTest()
    {
        (void)take_console_output();
        // Not in the order of their ids.
        for (auto* domain : {&third, &first, &second})
            mux.attach(domain->console, domain->receiver(),
                       Callback<void()>::to<&Typist::resume>(*domain));
    }
    void type(std::string_view text)
    {
        for (const char c : text)
            mux.input(c);
    }
    static std::string announcement(std::string_view who, char letter = 'a')
    {
        return "(XEN) *** Serial input to " + std::string{who} + " (type 'CTRL-" + letter +
               "' three times to switch input)\r\n";
    }

    Typist first{1};
    Typist second{2};
    Typist third{3};
    ConsoleMux mux;
};

constexpr std::string_view switching = "\x01\x01\x01";

TEST_F(ConsoleMuxTest, the_first_domain_gets_the_input_when_all_are_built)
{
    mux.start('a', true);
    EXPECT_EQ(take_console_output(), announcement("DOM1"));
    type("ls\r");
    EXPECT_EQ(first.typed, "ls\r");
}

TEST_F(ConsoleMuxTest, the_hypervisor_keeps_the_input_when_asked_to)
{
    mux.start('a', false);
    EXPECT_EQ(take_console_output(), announcement("Xen"));
    type("ls");
    EXPECT_EQ(first.typed, "");
}

TEST_F(ConsoleMuxTest, the_input_goes_round_all_domains_and_the_hypervisor)
{
    mux.start('a', true);
    (void)take_console_output();
    for (const auto* next : {"DOM2", "DOM3", "Xen", "DOM1", "DOM2"}) {
        type(switching);
        EXPECT_EQ(take_console_output(), announcement(next));
    }
    type("x");
    EXPECT_EQ(first.typed + second.typed + third.typed, "x");
    EXPECT_EQ(second.typed, "x");
}

TEST_F(ConsoleMuxTest, one_or_two_switch_codes_are_input)
{
    mux.start('a', true);
    type("\x01z\x01\x01z");
    EXPECT_EQ(first.typed, "\x01z\x01\x01z");
}

TEST_F(ConsoleMuxTest, four_switch_codes_are_a_switch_and_input)
{
    mux.start('a', true);
    type("\x01\x01\x01\x01z");
    EXPECT_EQ(first.typed, "");
    EXPECT_EQ(second.typed, "\x01z");
}

TEST_F(ConsoleMuxTest, another_letter_can_switch)
{
    mux.start('q', true);
    EXPECT_EQ(take_console_output(), announcement("DOM1", 'q'));
    type("\x01\x01\x01");
    EXPECT_EQ(take_console_output(), "");
    type("\x11\x11\x11");
    EXPECT_EQ(take_console_output(), announcement("DOM2", 'q'));
    EXPECT_EQ(first.typed, "\x01\x01\x01");
}

TEST_F(ConsoleMuxTest, without_domains_the_hypervisor_has_the_input)
{
    ConsoleMux alone;
    alone.start('a', true);
    EXPECT_EQ(take_console_output(), announcement("Xen"));
    for (const char c : switching)
        alone.input(c);
    EXPECT_EQ(take_console_output(), announcement("Xen"));
}

TEST_F(ConsoleMuxTest, the_announcement_ends_the_line_of_the_domain_before)
{
    mux.start('a', true);
    (void)take_console_output();
    for (const char c : std::string_view{"~ # "})
        EXPECT_TRUE(first.console.put(c));
    type(switching);
    EXPECT_EQ(take_console_output(), "~ # \r\n" + announcement("DOM2"));
}

TEST_F(ConsoleMuxTest, a_domain_may_answer_while_it_receives)
{
    struct Echo {
        void receive(char c) { EXPECT_TRUE(console.put(c)); }
        void resume() {}
        DomainConsole console{DomainId{9}};
    } echo;
    ConsoleMux echoing;
    echoing.attach(echo.console, Callback<void(char)>::to<&Echo::receive>(echo),
                   Callback<void()>::to<&Echo::resume>(echo));
    echoing.start('a', true);
    (void)take_console_output();
    echoing.input('x');
    EXPECT_EQ(take_console_output(), "x");
}

TEST_F(ConsoleMuxTest, typed_characters_reach_the_guests_uart)
{
    struct Domain {
        void set_line(bool level) { line = level; }
        bool line = false;
        DomainConsole console{DomainId{7}};
        Vpl011 uart{Callback<bool(char)>::to<&DomainConsole::put>(console),
                    Callback<void(bool)>::to<&Domain::set_line>(*this)};
    } domain;
    ConsoleMux one;
    one.attach(domain.console, Callback<void(char)>::to<&Vpl011::receive>(domain.uart),
               Callback<void()>::to<&Vpl011::transmit_again>(domain.uart));
    one.start('a', true);
    (void)take_console_output();

    domain.uart.write(pl011::interrupt_mask_offset, 4, 1U << 6);
    one.input('x');
    EXPECT_TRUE(domain.line);
    domain.uart.write(pl011::Data::offset, 1, domain.uart.read(pl011::Data::offset, 1));
    EXPECT_FALSE(domain.line);
    EXPECT_EQ(take_console_output(), "x");
    EXPECT_EQ(test::machine().cpu().held_locks, 0U);
}

// Keys of the hypervisor.

TEST_F(ConsoleMuxTest, h_lists_the_keys_that_there_are)
{
    ConsoleKey quit{.key = 'q', .purpose = "state of the domains", .press = [] {}};
    ConsoleKey dump{.key = 'd', .purpose = "registers", .press = [] {}};
    mux.add_key(quit);
    mux.add_key(dump);
    mux.start('a', false);
    (void)take_console_output();
    type("h");
    EXPECT_EQ(take_console_output(), "(XEN) h: list these keys\r\n"
                                     "(XEN) d: registers\r\n"
                                     "(XEN) q: state of the domains\r\n");
}

TEST_F(ConsoleMuxTest, a_key_does_what_was_registered_for_it_and_nothing_in_a_domain)
{
    static int pressed = 0;
    ConsoleKey count{.key = 'c', .purpose = "count", .press = [] { ++pressed; }};
    mux.add_key(count);
    mux.start('a', true);
    type("c");
    EXPECT_EQ(pressed, 0);
    EXPECT_EQ(first.typed, "c");
    mux.start('a', false);
    type("cc");
    EXPECT_EQ(pressed, 2);
}

TEST_F(ConsoleMuxTest, an_unknown_key_says_how_to_find_the_others)
{
    mux.start('a', false);
    (void)take_console_output();
    type("z");
    EXPECT_EQ(take_console_output(), "(XEN) key 'z' does nothing; h lists the keys\r\n");
    type("\r\n\x1b ");
    EXPECT_EQ(take_console_output(), "");
}

TEST_F(ConsoleMuxTest, a_domain_that_writes_faster_than_the_wire_is_held_back_and_loses_nothing)
{
    auto& wire = test::console_wire();
    wire = {.room = 0, .has_interrupt = true};
    mux.start('a', true);
    std::string written;
    while (first.console.put(static_cast<char>('a' + written.size() % 26)))
        written += static_cast<char>('a' + written.size() % 26);
    EXPECT_GT(written.size(), 1000U);
    EXPECT_TRUE(wire.wants_room);

    // Its neighbours may have their say as little.
    EXPECT_FALSE(second.console.put('x'));
    for (unsigned interrupts = 0; first.resumed == 0; ++interrupts) {
        ASSERT_LT(interrupts, 10'000U);
        wire.room = 32;
        mux.send();
    }
    EXPECT_EQ(second.resumed, 1U);
    EXPECT_EQ(third.resumed, 0U);
    EXPECT_TRUE(first.console.put('\n'));

    wire.room = test::ConsoleWire::endless;
    mux.send();
    EXPECT_FALSE(wire.wants_room);
    EXPECT_EQ(take_console_output(), announcement("DOM1") + written + "\n");
    wire = {};
    const Guard guard{host_console.lock};
    EXPECT_TRUE(host_console.catch_up());
}

} // namespace
} // namespace bulkhead::device
