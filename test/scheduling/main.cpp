// scheduling [FIRST [COUNT]]: runs the seeds from FIRST on through every scheduler, one alone if no
// COUNT is given, telling what happens, and ends at the first that breaks a promise.

#include "scheduling/scenarios.hpp"

#include <cstdio>
#include <cstdlib>

int main(int count, char** arguments)
{
    using namespace bulkhead::scheduling;
    using bulkhead::sched::Kind;
    const auto number = [&](int at, std::uint64_t otherwise) {
        return at < count ? std::strtoull(arguments[at], nullptr, 0) : otherwise;
    };
    struct Scenario {
        const char* name;
        void (*run)(std::uint64_t seed, bool tells);
    };
    constexpr Scenario scenarios[] = {
        {"credit2, shares", [](auto seed, bool tells) { fair_share(seed, tells, Kind::credit2); }},
        {"credit2, turmoil", [](auto seed, bool tells) { turmoil(seed, tells, Kind::credit2); }},
        {"credit, shares", [](auto seed, bool tells) { fair_share(seed, tells, Kind::credit); }},
        {"credit, turmoil", [](auto seed, bool tells) { turmoil(seed, tells, Kind::credit); }},
        {"rtds, turmoil", [](auto seed, bool tells) { turmoil(seed, tells, Kind::rtds); }},
        {"null, turmoil", [](auto seed, bool tells) { turmoil(seed, tells, Kind::null); }},
        {"rtds", reservations},
        {"arinc653", partitions},
        {"pools", moving},
    };
    const auto first = number(1, 1);
    const auto seeds = number(2, 1);
    for (auto seed = first; seed < first + seeds; ++seed)
        for (const auto& scenario : scenarios) {
            try {
                scenario.run(seed, count == 2);
            } catch (const Broken& broken) {
                std::fputs(fmt::format("seed {}, {}: {}\nTo replay it: {} {}\n", seed,
                                       scenario.name, broken.what(), arguments[0], seed)
                               .c_str(),
                           stderr);
                return 1;
            }
        }
    std::puts(fmt::format("{} seeds from {} on: all held", seeds, first).c_str());
    return 0;
}
