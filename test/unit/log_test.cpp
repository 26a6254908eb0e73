#include "base/log.hpp"

#include "machine/captured_console.hpp"

#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <string_view>

namespace bulkhead::log {
namespace {

using test::take_console_output;

template <typename... Arguments>
std::string formatted(Format<std::type_identity_t<Arguments>...> format,
                      const Arguments&... arguments)
{
    std::array<char, 200> buffer{};
    if constexpr (sizeof...(Arguments) == 0) {
        return std::string{format_into(buffer, format.text(), {})};
    } else {
        const Argument list[] = {Argument{arguments}...};
        return std::string{format_into(buffer, format.text(), list)};
    }
}

class LogTest : public testing::Test {
protected:
    LogTest() { (void)take_console_output(); }
    ~LogTest() override { set_threshold(Level::info); }
};

TEST(Format, text_without_arguments_is_as_it_is)
{
    EXPECT_EQ(formatted("all is well"), "all is well");
    EXPECT_EQ(formatted(""), "");
}

TEST(Format, arguments_go_where_the_braces_are)
{
    EXPECT_EQ(formatted("{}", "x"), "x");
    EXPECT_EQ(formatted("a {} b {} c", 1, "two"), "a 1 b two c");
    EXPECT_EQ(formatted("{}{}", 1, 2), "12");
}

TEST(Format, numbers_are_decimal_unless_asked_for_in_hexadecimal)
{
    EXPECT_EQ(formatted("{} {x}", 255U, 255U), "255 0xff");
    EXPECT_EQ(formatted("{} {x}", 0, 0), "0 0x0");
    EXPECT_EQ(formatted("{}", std::uint8_t{200}), "200");
}

TEST(Format, the_largest_and_the_smallest_numbers_are_right)
{
    EXPECT_EQ(formatted("{}", std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(formatted("{x}", std::numeric_limits<std::uint64_t>::max()), "0xffffffffffffffff");
    EXPECT_EQ(formatted("{}", std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(formatted("{}", std::numeric_limits<std::int8_t>::min()), "-128");
    EXPECT_EQ(formatted("{x}", -1), "-0x1");
}

TEST(Format, addresses_are_hexadecimal_with_eight_digits_at_least)
{
    EXPECT_EQ(formatted("{}", PhysicalAddress{0x1000}), "0x00001000");
    EXPECT_EQ(formatted("{}", GuestAddress{0x12'3456'789a}), "0x123456789a");
}

TEST(Format, strong_integers_are_their_number)
{
    EXPECT_EQ(formatted("DOM{} {}", DomainId{3}, Intid{27}), "DOM3 27");
}

TEST(Format, booleans_are_yes_and_no) { EXPECT_EQ(formatted("{} {}", true, false), "yes no"); }

TEST(Format, an_argument_may_contain_braces) { EXPECT_EQ(formatted("{} {}", "{x}", 1), "{x} 1"); }

TEST(Format, what_does_not_fit_is_cut)
{
    std::array<char, 5> buffer{};
    const Argument list[] = {Argument{"defgh"}};
    EXPECT_EQ(format_into(buffer, "abc{}", list), "abcde");
    EXPECT_EQ(format_into({buffer.data(), 0}, "abc{}", list), "");
}

TEST(Format, braces_without_an_argument_are_left_out)
{
    std::array<char, 20> buffer{};
    EXPECT_EQ(format_into(buffer, "a{}b{x}c{", {}), "abc");
}

TEST_F(LogTest, a_message_is_a_line_with_xens_mark_in_front)
{
    error("domain {} stopped", 3);
    EXPECT_EQ(take_console_output(), "(XEN) domain 3 stopped\r\n");
}

TEST_F(LogTest, messages_above_the_threshold_are_dropped)
{
    debug("unseen");
    EXPECT_EQ(take_console_output(), "");
    set_threshold(Level::debug);
    debug("seen");
    EXPECT_EQ(take_console_output(), "(XEN) seen\r\n");
    set_threshold(Level::error);
    warning("unseen");
    info("unseen");
    error("seen");
    EXPECT_EQ(take_console_output(), "(XEN) seen\r\n");
}

TEST_F(LogTest, a_very_long_message_is_cut_and_ends_its_line)
{
    const std::string text(1000, 'x');
    error("{}", std::string_view{text});
    EXPECT_EQ(take_console_output(), "(XEN) " + std::string(512, 'x') + "\r\n");
}

} // namespace
} // namespace bulkhead::log
