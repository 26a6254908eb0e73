#include "device/domain_console.hpp"

#include "base/log.hpp"
#include "device/console_mux.hpp"
#include "machine/captured_console.hpp"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <string_view>

namespace bulkhead::device {
namespace {

using test::take_console_output;

class DomainConsoleTest : public testing::Test {
protected:
    DomainConsoleTest()
    {
        mux.attach(first, Callback<void(char)>::to<&DomainConsoleTest::take_first>(*this),
                   Callback<void()>::to<&DomainConsoleTest::resume>(*this));
        mux.attach(second, Callback<void(char)>::to<&DomainConsoleTest::take_second>(*this),
                   Callback<void()>::to<&DomainConsoleTest::resume>(*this));
        (void)take_console_output();
    }
    /// Gives the input to the first domain.
    void focus_first()
    {
        mux.start('a', true);
        (void)take_console_output();
    }
    void focus_hypervisor()
    {
        mux.start('a', false);
        (void)take_console_output();
    }
    static void write(DomainConsole& console, std::string_view text)
    {
        for (const char c : text)
            EXPECT_TRUE(console.put(c));
    }
    void take_first(char /*c*/) {}
    void take_second(char /*c*/) {}
    void resume() {}

    DomainConsole first{DomainId{1}};
    DomainConsole second{DomainId{2}};
    ConsoleMux mux;
};

TEST_F(DomainConsoleTest, without_the_input_a_line_comes_out_whole_with_the_domain_in_front)
{
    write(first, "hello");
    EXPECT_EQ(take_console_output(), "");
    write(first, "\n");
    EXPECT_EQ(take_console_output(), "(XEN) DOM1: hello\r\n");
}

TEST_F(DomainConsoleTest, lines_of_several_domains_do_not_mix)
{
    write(first, "one ");
    write(second, "two ");
    write(first, "eins\r\n");
    write(second, "zwei\r\n");
    EXPECT_EQ(take_console_output(), "(XEN) DOM1: one eins\r\n(XEN) DOM2: two zwei\r\n");
}

TEST_F(DomainConsoleTest, an_empty_line_is_shown)
{
    write(first, "\r\n");
    EXPECT_EQ(take_console_output(), "(XEN) DOM1: \r\n");
}

TEST_F(DomainConsoleTest, what_a_terminal_obeys_is_left_out)
{
    write(first, "\x1b[31mred\x1b[0m\r\n");
    EXPECT_EQ(take_console_output(), "(XEN) DOM1: red\r\n");
}

TEST_F(DomainConsoleTest, an_unfinished_sequence_ends_with_its_line)
{
    write(first, "a\x1b]0;\nb\n");
    EXPECT_EQ(take_console_output(), "(XEN) DOM1: a\r\n(XEN) DOM1: b\r\n");
}

TEST_F(DomainConsoleTest, a_line_that_grows_too_long_comes_in_pieces_that_say_so)
{
    const std::string text(600, 'x');
    write(first, text + "\n");
    EXPECT_EQ(take_console_output(), "(XEN) DOM1: " + std::string(253, 'x') + " ...\r\n" +
                                         "(XEN) DOM1: " + std::string(253, 'x') + " ...\r\n" +
                                         "(XEN) DOM1: " + std::string(94, 'x') + "\r\n");
}

TEST_F(DomainConsoleTest, a_line_of_just_the_longest_length_comes_in_one_piece)
{
    write(first, std::string(253, 'x') + "\n");
    EXPECT_EQ(take_console_output(), "(XEN) DOM1: " + std::string(253, 'x') + "\r\n");
}

TEST_F(DomainConsoleTest, a_long_line_is_not_cut_within_a_character)
{
    std::string text = "x";
    for (int i = 0; i < 80; ++i)
        text += "\U0001f680";
    write(first, text + "\n");
    auto output = take_console_output();
    const auto cut = output.find(" ...\r\n");
    ASSERT_NE(cut, std::string::npos);
    EXPECT_EQ(output.substr(cut - 4, 4), "\U0001f680");
}

TEST_F(DomainConsoleTest, an_ended_domains_last_words_are_shown)
{
    write(first, "oh no");
    first.finish();
    EXPECT_EQ(take_console_output(), "(XEN) DOM1: oh no\r\n");
    first.finish();
    EXPECT_EQ(take_console_output(), "");
}

TEST_F(DomainConsoleTest, tells_whether_the_domain_has_written)
{
    EXPECT_FALSE(first.has_written());
    (void)first.put('x');
    EXPECT_TRUE(first.has_written());
    first.finish();
    EXPECT_FALSE(first.has_written());
}

TEST_F(DomainConsoleTest, with_the_input_everything_goes_out_at_once_as_it_is)
{
    focus_first();
    write(first, "\x1b[31mr");
    EXPECT_EQ(take_console_output(), "\x1b[31mr");
    write(first, "\n");
    EXPECT_EQ(take_console_output(), "\n");
}

TEST_F(DomainConsoleTest, another_domains_line_does_not_come_into_the_middle_of_one)
{
    focus_first();
    write(first, "login: ");
    write(second, "tick\n");
    write(first, "root");
    EXPECT_EQ(take_console_output(), "login: \r\n(XEN) DOM2: tick\r\nroot");
}

TEST_F(DomainConsoleTest, a_message_does_not_come_into_the_middle_of_a_line)
{
    focus_first();
    write(first, "login: ");
    log::error("trouble");
    log::error("more");
    EXPECT_EQ(take_console_output(), "login: \r\n(XEN) trouble\r\n(XEN) more\r\n");
}

TEST_F(DomainConsoleTest, a_message_behind_a_whole_line_makes_no_empty_one)
{
    focus_first();
    write(first, "done\r\n");
    log::error("trouble");
    EXPECT_EQ(take_console_output(), "done\r\n(XEN) trouble\r\n");
}

TEST_F(DomainConsoleTest, who_gets_the_input_goes_on_where_its_cursor_is)
{
    focus_hypervisor();
    write(first, "booted\n~ # ");
    EXPECT_EQ(take_console_output(), "(XEN) DOM1: booted\r\n");
    mux.start('a', true);
    EXPECT_EQ(take_console_output(),
              "(XEN) *** Serial input to DOM1 (type 'CTRL-a' three times to switch input)\r\n~ # ");
    log::error("message");
    EXPECT_EQ(take_console_output(), "\r\n(XEN) message\r\n");
}

TEST_F(DomainConsoleTest, who_loses_the_input_is_shown_in_lines_again)
{
    focus_first();
    write(first, "half");
    focus_hypervisor();
    write(first, " a line\n");
    EXPECT_EQ(take_console_output(), "(XEN) DOM1:  a line\r\n");
}

TEST_F(DomainConsoleTest, whatever_is_written_is_shown_in_whole_lines)
{
    std::mt19937 random{3};
    focus_hypervisor();
    for (int i = 0; i < 200'000; ++i)
        (void)first.put(random() % 4 == 0 ? "\x1b\xe2\xc2\n"[random() % 4]
                                          : static_cast<char>(random()));
    first.finish();
    const auto output = take_console_output();
    for (std::size_t start = 0; start < output.size();) {
        const auto end = output.find("\r\n", start);
        ASSERT_NE(end, std::string::npos);
        ASSERT_EQ(output.substr(start, 12), "(XEN) DOM1: ");
        ASSERT_LE(end - start, 12U + 256 + 4);
        start = end + 2;
    }
}

} // namespace
} // namespace bulkhead::device
