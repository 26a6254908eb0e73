#include "device/plain_text.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <string_view>

namespace bulkhead::device {
namespace {

std::string shown(std::string_view text)
{
    PlainText filter;
    std::string result;
    for (const char c : text) {
        switch (filter.next(c)) {
        case PlainText::Verdict::show: result += c; break;
        case PlainText::Verdict::leave_out: break;
        case PlainText::Verdict::leave_out_with_previous: result.pop_back(); break;
        }
    }
    return result;
}

TEST(PlainText, shows_ascii_and_tabs) { EXPECT_EQ(shown(" a\tZ~"), " a\tZ~"); }

TEST(PlainText, leaves_control_characters_out)
{
    for (int c = 0; c < 0x20; ++c) {
        if (c == '\t' || c == 0x1b) continue;
        EXPECT_EQ(shown(std::string{'a', static_cast<char>(c), 'b'}), "ab") << c;
    }
    EXPECT_EQ(shown("a\x7f"), "a");
}

TEST(PlainText, leaves_colours_and_cursor_movements_out_whole)
{
    EXPECT_EQ(shown("\x1b[0;1;31mred\x1b[0m \x1b[2J\x1b[10;20Hthere\x1b[?25l"), "red there");
}

TEST(PlainText, leaves_a_request_for_the_terminals_answer_out)
{
    EXPECT_EQ(shown("a\x1b[6nb\x1b[cc\x1bZd"), "abcd");
}

TEST(PlainText, leaves_strings_for_the_terminal_out_to_their_end)
{
    EXPECT_EQ(shown("a\x1b]0;title\x07"
                    "b"),
              "ab");
    EXPECT_EQ(shown("a\x1b]0;title\x1b\\b"), "ab");
    EXPECT_EQ(shown("a\x1bPq#0\x1b\\b\x1b_x\x1b\\c\x1b^y\x1b\\d\x1bXz\x1b\\e"), "abcde");
}

TEST(PlainText, a_string_that_another_sequence_ends_takes_that_along)
{
    EXPECT_EQ(shown("a\x1b]0;title\x1b[31mb"), "ab");
}

TEST(PlainText, leaves_short_escape_sequences_out)
{
    EXPECT_EQ(shown("a\x1b"
                    "7b\x1b(Bc\x1b#8d\x1b\x1b[1me"),
              "abcde");
}

TEST(PlainText, a_sequence_within_a_sequence_is_left_out_too)
{
    EXPECT_EQ(shown("a\x1b[12\x1b[31mb"), "ab");
}

TEST(PlainText, shows_utf_8)
{
    EXPECT_EQ(shown("\u00b5s \u00e4\u20ac \U0001f680."), "\u00b5s \u00e4\u20ac \U0001f680.");
}

TEST(PlainText, leaves_c1_controls_out_in_either_coding)
{
    EXPECT_EQ(shown("a\u009b"
                    "b\u0085"
                    "c\u0080"
                    "d"),
              "abcd");
    EXPECT_EQ(shown("a\x9b"
                    "b\x85"
                    "c"),
              "abc");
    EXPECT_EQ(shown("\u00a0"), "\u00a0");
}

TEST(PlainText, leaves_bytes_out_that_utf_8_has_not)
{
    EXPECT_EQ(shown("a\xc0\x80\xc1\xbf\xf5\xffz"), "az");
    EXPECT_EQ(shown("a\xbfz"), "az");
}

TEST(PlainText, a_new_line_ends_every_sequence)
{
    PlainText filter;
    for (const char c : std::string_view{"\x1b]0;endless"})
        (void)filter.next(c);
    filter.reset();
    EXPECT_EQ(filter.next('x'), PlainText::Verdict::show);
}

TEST(PlainText, whatever_comes_nothing_that_a_terminal_obeys_is_shown)
{
    std::mt19937 random{1};
    constexpr std::string_view likely = "\x1b[]0;m\x07\\PX_^(\xc2\x9b\x80\xe2\xa0 a";
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (int i = 0; i < 100; ++i)
            text +=
                random() % 2 == 0 ? likely[random() % likely.size()] : static_cast<char>(random());
        const auto result = shown(text);
        for (std::size_t i = 0; i < result.size(); ++i) {
            const auto byte = static_cast<std::uint8_t>(result[i]);
            ASSERT_TRUE(byte == '\t' || (byte >= 0x20 && byte != 0x7f));
            if (byte == 0xc2 && i + 1 < result.size()) {
                const auto next = static_cast<std::uint8_t>(result[i + 1]);
                ASSERT_FALSE(next >= 0x80 && next < 0xa0);
            }
        }
    }
}

} // namespace
} // namespace bulkhead::device
