#include "command.hpp"
#include "failure.hpp"
#include "interruption.hpp"
#include "system_description.hpp"

#include <fmt/format.h>

namespace {

using namespace bulkhead::tool;

constexpr int failed = 1;
constexpr int interrupted = 130; // as shells count: 128 + SIGINT

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
    add_symbols_command(line, chosen);
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
