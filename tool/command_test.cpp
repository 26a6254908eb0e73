#include "bench_session.hpp"
#include "command.hpp"
#include "failure.hpp"
#include "lint.hpp"
#include "target_build.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <memory>

namespace bulkhead::tool {
namespace {

bool build_host(Session& session)
{
    session.progress.step("building the host's tests",
                          {{"cmake", "--build", session.project.host_build().string()}},
                          "host-build");
    return true;
}

/// Runs the GoogleTest programs, those with the label or those without it.
bool run_ctest(Session& session, const char* choice, const char* label)
{
    return build_host(session) &&
           session.progress
               .run_in_view(
                   {{"ctest", "--test-dir", session.project.host_build().string(),
                     "--output-on-failure", "--parallel", "2", "--no-tests=error", choice, label}})
               .ok();
}

bool test_units(Session& session) { return run_ctest(session, "--label-exclude", "."); }

bool test_simulation(Session& session)
{
    return run_ctest(session, "--label-regex", "^simulation$");
}

bool test_fuzz(Session& session) { return run_ctest(session, "--label-regex", "^fuzz$"); }

bool test_tool(Session& session) { return run_ctest(session, "--label-regex", "^tool$"); }

bool test_system(Session& session)
{
    build_target(session, false);
    return session.progress
        .run_in_view({{"env", "--chdir", session.project.root().string(), "/usr/bin/python3", "-m",
                       "pytest", "-p", "no:cacheprovider", "--durations=5", "test/system"},
                      {{"PYTHONDONTWRITEBYTECODE", "1"}}})
        .ok();
}

bool lint(Session& session)
{
    build_target(session,
                 false); // both builds have to be configured for clang-tidy to know their flags
    const bool formatted = check_format(session);
    return check_tidy(session) && formatted;
}

struct TestPart {
    std::string name;
    std::string what;
    bool (*run)(Session&);
};
const std::vector<TestPart> test_parts{
    {"unit", "every format, parser and device model of the hypervisor, on this machine",
     test_units},
    {"simulation",
     "processors, domains and devices interleaved, and schedulers, each run by its seed",
     test_simulation},
    {"fuzz", "random device trees and guest accesses; README.md says how to search for longer",
     test_fuzz},
    {"tool", "the host tool: descriptions and their errors, device trees, scripts", test_tool},
    {"system", "real guests on the emulated machines", test_system},
    {"bench", "instructions and bytes against their budgets", check_budgets},
    {"lint", "clang-format over all sources, clang-tidy over all but the tests", lint},
};

std::string seconds_since(std::chrono::steady_clock::time_point begin)
{
    return format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin));
}

int test(Session& session, const std::vector<std::string>& names)
{
    std::string summary;
    bool all_passed = true;
    for (const TestPart& part : test_parts) {
        const bool wanted = names.empty() || std::ranges::find(names, part.name) != names.end();
        if (!wanted) continue;
        session.progress.say(fmt::format("test {}: {}", part.name, part.what));
        const auto begin = std::chrono::steady_clock::now();
        bool passed = false;
        try {
            passed = part.run(session);
        } catch (const Failure& failure) {
            session.progress.say(failure.what()); // the other parts still have something to say
        }
        all_passed = all_passed && passed;
        summary += fmt::format("test {:<10} {} ({})\n", part.name, passed ? "passed" : "FAILED",
                               seconds_since(begin));
    }
    fmt::print("\n{}", summary);
    return all_passed ? 0 : 1;
}

} // namespace

void add_test_command(CLI::App& line, Chosen& chosen)
{
    std::string explained = "Parts:\n";
    std::vector<std::string> names;
    for (const TestPart& part : test_parts) {
        explained += fmt::format("  {:<10} {}\n", part.name, part.what);
        names.push_back(part.name);
    }
    CLI::App* command = line.add_subcommand("test", "run the tests, all of them or some parts");
    command->footer(explained);
    const auto chosen_names = std::make_shared<std::vector<std::string>>();
    command->add_option("PART", *chosen_names, "which parts; all if none is named")
        ->check(CLI::IsMember(names));
    command->callback(
        [=, &chosen] { chosen = [=](Session& session) { return test(session, *chosen_names); }; });
}

} // namespace bulkhead::tool
