#include "panic_symbols.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

TEST(PanicSymbols, finds_program_counters_and_return_addresses)
{
    EXPECT_EQ(code_addresses("domain 3 (rtos) stopped; pc 0x40081234, lr 0x40080000"),
              (std::vector<std::string>{"0x40081234", "0x40080000"}));
    EXPECT_EQ(code_addresses("   [<0000000000208440>] called from [<0x208ffc>]"),
              (std::vector<std::string>{"0x0000000000208440", "0x208ffc"}));
    EXPECT_EQ(code_addresses("PC = 0xabc"), std::vector<std::string>{"0xabc"});
}

TEST(PanicSymbols, data_is_not_code)
{
    EXPECT_TRUE(code_addresses("x0 0x40081234 far 0x1000 spc 0x12").empty());
}

TEST(PanicSymbols, places_follow_their_line)
{
    const auto place_of = [](const std::string& address) -> std::optional<std::string> {
        if (address == "0x10") return "main() at main.cpp:3";
        return std::nullopt;
    };
    EXPECT_EQ(with_places("pc 0x10 lr 0x20", place_of),
              "pc 0x10 lr 0x20\n    0x10 is main() at main.cpp:3\n");
    EXPECT_EQ(with_places("nothing", place_of), "nothing\n");
}

} // namespace
} // namespace bulkhead::tool
