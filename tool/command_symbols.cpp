#include "command.hpp"
#include "failure.hpp"
#include "panic_symbols.hpp"

#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace bulkhead::tool {
namespace {

/// "function at file:line", inlined functions first, or nothing if the file does not know.
std::optional<std::string> place_in(const std::filesystem::path& elf, const std::string& address)
{
    const Captured symbolized =
        run_captured({{"llvm-symbolizer-19", "--pretty-print", "--obj=" + elf.string(), address}});
    std::string text = symbolized.output;
    while (text.ends_with('\n'))
        text.pop_back();
    const bool has_no_source = text.starts_with("??") || text.contains(" at ??");
    if (!symbolized.ending.ok() || text.empty() || has_no_source) return std::nullopt;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', end + 1))
        text.insert(end + 1, "      ");
    return text;
}

int annotate(const std::filesystem::path& elf)
{
    if (!std::filesystem::exists(elf))
        throw Failure{fmt::format("{}: no such file; ./bulkhead build makes it", elf.string())};
    for (std::string line; std::getline(std::cin, line);)
        fmt::print("{}", with_places(line, [&](const std::string& address) {
                       return place_in(elf, address);
                   }));
    return 0;
}

} // namespace

void add_symbols_command(CLI::App& line, Chosen& chosen)
{
    CLI::App* command = line.add_subcommand(
        "symbols",
        "read a panic's text from stdin, and say which function and source line its addresses are");
    const auto elf = std::make_shared<std::string>();
    command->add_option("--elf", *elf, "the build that panicked (out/bulkhead.elf if not given)");
    command->callback([=, &chosen] {
        chosen = [=](Session& session) {
            return annotate(elf->empty() ? session.project.hypervisor_elf()
                                         : std::filesystem::path{*elf});
        };
    });
}

} // namespace bulkhead::tool
