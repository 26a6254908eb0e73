#include "console_line.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

TEST(ConsoleLine, a_domains_line_has_its_number)
{
    const ConsoleLine line = parse_console_line("(XEN) DOM2: hello");
    EXPECT_EQ(line.domain, 2U);
    EXPECT_EQ(line.text, "hello");
    EXPECT_EQ(parse_console_line("(XEN) DOM12: ").text, "");
    EXPECT_EQ(parse_console_line("(XEN) DOM1:   indented").text, "  indented");
}

TEST(ConsoleLine, the_hypervisors_line_loses_its_prefix)
{
    const ConsoleLine line = parse_console_line("(XEN) boot: first domain after 7 us");
    EXPECT_EQ(line.domain, std::nullopt);
    EXPECT_EQ(line.text, "boot: first domain after 7 us");
}

TEST(ConsoleLine, what_only_looks_like_a_domain_is_the_hypervisors)
{
    for (const char* text :
         {"DOM: x", "DOMAIN 1: x", "DOM0: x", "DOM1", "DOM1 x", "DOM99999999999999999999: x"}) {
        const ConsoleLine line = parse_console_line(std::string{"(XEN) "} + text);
        EXPECT_EQ(line.domain, std::nullopt) << text;
        EXPECT_EQ(line.text, text);
    }
}

TEST(ConsoleLine, a_line_without_a_prefix_is_kept_whole)
{
    EXPECT_EQ(parse_console_line("~ # ls").text, "~ # ls");
    EXPECT_EQ(parse_console_line("").text, "");
}

TEST(LineCutter, lines_may_come_in_pieces)
{
    LineCutter cutter;
    EXPECT_TRUE(cutter.add("one").empty());
    EXPECT_EQ(cutter.add(" line\r\nand\nanoth"), (std::vector<std::string>{"one line", "and"}));
    EXPECT_EQ(cutter.unfinished(), "anoth");
}

TEST(LineCutter, control_characters_and_sequences_are_left_out)
{
    LineCutter cutter;
    EXPECT_EQ(cutter.add("\033[1;32mgreen\033[m\a\033[6n\ttab\n"),
              (std::vector<std::string>{"green\ttab"}));
    EXPECT_TRUE(cutter.add("\033").empty());
    EXPECT_EQ(cutter.add("[2Jcut in two\n"), (std::vector<std::string>{"cut in two"}));
}

TEST(ConsoleView, names_are_padded_to_the_widest)
{
    const ConsoleView view{{"linux", "rt"}, false};
    EXPECT_EQ(view.shown({std::nullopt, "up"}), "bulkhead | up\n");
    EXPECT_EQ(view.shown({1, "hello"}), "linux    | hello\n");
    EXPECT_EQ(view.shown({2, "tick"}), "rt       | tick\n");
    EXPECT_EQ(view.shown({9, "?"}), "domain 9 | ?\n");
}

TEST(ConsoleView, each_name_has_a_colour)
{
    const ConsoleView view{{"a"}, true};
    EXPECT_EQ(view.shown({1, "x"}), "\033[32ma        |\033[0m x\n");
}

} // namespace
} // namespace bulkhead::tool
