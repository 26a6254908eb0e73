#include "command.hpp"
#include "failure.hpp"
#include "interruption.hpp"
#include "nearest_name.hpp"
#include "system_description.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

namespace {

using namespace bulkhead::tool;

constexpr int failed = 1;
constexpr int interrupted = 130; // as shells count: 128 + SIGINT

std::vector<std::string> command_names(CLI::App& line)
{
    std::vector<std::string> names;
    for (const CLI::App* command : line.get_subcommands({}))
        names.push_back(command->get_name());
    return names;
}

/// Throws Failure if the first word that is not an option is no command either; CLI11 would only
/// say that a command is missing.
void refuse_unknown_command(const std::vector<std::string>& known, std::span<char*> words)
{
    const auto word = std::ranges::find_if(words, [](const char* text) { return *text != '-'; });
    if (word == words.end() || std::ranges::find(known, *word) != known.end()) return;
    throw Failure{fmt::format("{}: no such command; {}", *word, suggestion(*word, known))};
}

int run(int count, char** arguments)
{
    CLI::App line{"Bulkhead, a hypervisor for Armv8-A: build it, check and run systems made with "
                  "it, and test it.",
                  "./bulkhead"};
    bool verbose = false;
    line.add_flag("-v,--verbose", verbose, "show the commands that are run, and their output");
    line.require_subcommand(1);
    line.fallthrough();
    Chosen chosen;
    add_demo_command(line, chosen);
    add_build_command(line, chosen);
    add_check_command(line, chosen);
    add_run_command(line, chosen);
    add_test_command(line, chosen);
    add_bench_command(line, chosen);
    add_trace_command(line, chosen);
    add_symbols_command(line, chosen);
    if (count == 1) {
        fmt::print("{}", line.help());
        return 0;
    }
    refuse_unknown_command(command_names(line),
                           std::span{arguments, static_cast<std::size_t>(count)}.subspan(1));
    try {
        line.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return line.exit(error);
    }

    const Project project = Project::of_this_program();
    Session session{project, Progress{project.logs(), verbose}};
    return chosen(session);
}

} // namespace

int main(int count, char** arguments)
{
    interruption::watch();
    try {
        return run(count, arguments);
    } catch (const Interrupted&) {
        fmt::print(stderr, "\nbulkhead: stopped\n");
        return interrupted;
    } catch (const WrongDescription& wrong) {
        fmt::print(stderr, "{}", wrong.what());
        return failed;
    } catch (const std::exception& error) {
        fmt::print(stderr, "bulkhead: {}\n", error.what());
        return failed;
    }
}
