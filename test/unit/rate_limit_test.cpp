#include "base/rate_limit.hpp"

#include "machine/test_machine.hpp"
#include "machine/time.hpp"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

unsigned admitted(RateLimit& limit, unsigned attempts)
{
    unsigned count = 0;
    for (unsigned i = 0; i < attempts; ++i)
        count += limit.admit() ? 1U : 0U;
    return count;
}

TEST(RateLimit, ten_lines_at_once_and_one_a_second)
{
    auto& machine = test::new_machine();
    const auto second = machine::ticks_per_second();
    RateLimit limit;
    EXPECT_EQ(admitted(limit, 1000), RateLimit::burst);
    machine.now += second - 1;
    EXPECT_EQ(admitted(limit, 1000), 0U);
    machine.now += 1;
    EXPECT_EQ(admitted(limit, 1000), 1U);
    machine.now += 3 * second;
    EXPECT_EQ(admitted(limit, 1000), 3U);
    machine.now += 3600 * second;
    EXPECT_EQ(admitted(limit, 1000), RateLimit::burst);
}

} // namespace
} // namespace bulkhead
