#pragma once
#include "session.hpp"

#include <CLI/CLI.hpp>
#include <functional>

/// The commands of ./bulkhead. Each adds itself to the command line; the one the user names puts
/// what it does into `chosen`, as a function that returns the exit code.
namespace bulkhead::tool {

using Chosen = std::function<int(Session&)>;

/// --profile, for the commands that build or boot Bulkhead.
void add_profile_option(CLI::App& command, Profile& profile);

void add_build_command(CLI::App& line, Chosen& chosen);
void add_check_command(CLI::App& line, Chosen& chosen);
void add_run_command(CLI::App& line, Chosen& chosen);
void add_demo_command(CLI::App& line, Chosen& chosen);
void add_test_command(CLI::App& line, Chosen& chosen);
void add_bench_command(CLI::App& line, Chosen& chosen);
void add_trace_command(CLI::App& line, Chosen& chosen);
void add_symbols_command(CLI::App& line, Chosen& chosen);

} // namespace bulkhead::tool
