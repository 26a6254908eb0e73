#include "panic_symbols.hpp"

#include <fmt/format.h>
#include <regex>

namespace bulkhead::tool {

std::vector<std::string> code_addresses(std::string_view line)
{
    static const std::regex address{
        R"((?:\b(?:pc|lr|elr)[ :=]+|\[<)(0x[0-9a-fA-F]+|[0-9a-fA-F]{16}))", std::regex::icase};
    std::vector<std::string> addresses;
    const std::string text{line};
    for (std::sregex_iterator match{text.begin(), text.end(), address};
         match != std::sregex_iterator{}; ++match) {
        std::string found = (*match)[1].str();
        addresses.push_back(found.starts_with("0x") ? found : "0x" + found);
    }
    return addresses;
}

std::string with_places(std::string_view line, const PlaceOf& place_of)
{
    std::string text = fmt::format("{}\n", line);
    for (const std::string& address : code_addresses(line))
        if (const auto place = place_of(address))
            text += fmt::format("    {} is {}\n", address, *place);
    return text;
}

} // namespace bulkhead::tool
