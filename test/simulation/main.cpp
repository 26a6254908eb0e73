// simulation [FIRST [COUNT]]: runs the seeds from FIRST on, one alone if no COUNT is given,
// telling what happens, and ends at the first that breaks something.

#include "machine/captured_console.hpp"
#include "simulation/simulation.hpp"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

/// What this finds on a stack that is left costs half of the time, and the unit tests look for it.
extern "C" const char* __asan_default_options() { return "detect_stack_use_after_return=0"; }

int main(int count, char** arguments)
{
    using namespace bulkhead;
    const auto number = [&](int at, std::uint64_t otherwise) {
        return at < count ? std::strtoull(arguments[at], nullptr, 0) : otherwise;
    };
    const auto first = number(1, 1);
    const auto seeds = number(2, 1);
    for (auto seed = first; seed < first + seeds; ++seed) {
        const auto broken = simulation::Simulation{seed, count == 2}.run();
        const auto console = test::take_console_output();
        if (!broken) continue;
        std::fputs(fmt::format("{}seed {}: {}\nTo replay it: {} {}\n", console, seed, *broken,
                               arguments[0], seed)
                       .c_str(),
                   stderr);
        return 1;
    }
    std::puts(fmt::format("{} seeds from {} on: all held", seeds, first).c_str());
    return 0;
}
