#include "sched/trace.hpp"

#include "machine/captured_console.hpp"
#include "machine/test_machine.hpp"

#include <cstddef>
#include <gtest/gtest.h>
#include <vector>

namespace bulkhead::sched::trace {
namespace {

using test::machine;

constexpr UnitName unit{.domain = 3, .vcpu = 1};
std::vector<Record> taken;

class TraceTest : public testing::Test {
protected:
    static constexpr std::size_t length = 4;

    TraceTest()
    {
        test::new_machine(2);
        for (std::uint32_t cpu = 0; cpu < 2; ++cpu)
            use(CpuId{cpu}, rings[cpu]);
        taken.clear();
    }
    ~TraceTest() override
    {
        for (std::uint32_t cpu = 0; cpu < 2; ++cpu)
            use(CpuId{cpu}, {});
    }

    struct alignas(16) Memory {
        std::byte bytes[length * sizeof(Record)]{};
        operator std::span<std::byte>() { return bytes; }
    };
    Memory rings[2];
};

std::uint64_t read_all(CpuId cpu)
{
    return read(cpu, [](CpuId, const Record& record) { taken.push_back(record); });
}

TEST_F(TraceTest, a_record_has_the_counter_and_what_happened_to_whom_on_the_cpu_that_wrote_it)
{
    machine().run_on(CpuId{1});
    machine().now = Ticks{0x1'2345'6789};
    record(Event::migrate, unit, 0xffff'ffff);
    EXPECT_EQ(read_all(CpuId{0}), 0U);
    EXPECT_EQ(read_all(CpuId{1}), 1U);
    EXPECT_EQ(taken, (std::vector{Record{.at = 0x1'2345'6789,
                                         .argument = 0xffff'ffff,
                                         .domain = 3,
                                         .vcpu = 1,
                                         .event = Event::migrate}}));
    EXPECT_EQ(taken[0].unit(), unit);
}

TEST_F(TraceTest, the_last_records_are_kept_oldest_first_and_the_others_counted)
{
    for (std::uint32_t n = 0; n < length + 3; ++n)
        record(Event::wake, unit, n);
    EXPECT_EQ(read_all(CpuId{0}), length + 3);
    std::vector<std::uint32_t> arguments;
    for (const auto& record : taken)
        arguments.push_back(record.argument);
    // The oldest could be in the middle of being overwritten.
    EXPECT_EQ(arguments, (std::vector<std::uint32_t>{4, 5, 6}));
}

TEST_F(TraceTest, what_is_overwritten_while_it_is_read_is_left_out)
{
    for (std::uint32_t n = 0; n < length; ++n)
        record(Event::wake, unit, n);
    read(CpuId{0}, [](CpuId, const Record& copy) {
        taken.push_back(copy);
        for (std::uint32_t n = 0; n < 2; ++n)
            record(Event::wake, unit, 10 + n);
    });
    // While the second was read, the third could be on its way to being overwritten, and was left
    // out; the last was still there.
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_EQ(taken[0].argument, 1U);
    EXPECT_EQ(taken[1].argument, 3U);
}

TEST_F(TraceTest, without_a_ring_nothing_is_written_and_nothing_read)
{
    use(CpuId{0}, {});
    record(Stop::off, unit);
    EXPECT_EQ(read_all(CpuId{0}), 0U);
}

TEST_F(TraceTest, it_is_printed_as_lines_of_numbers_between_a_header_and_an_end)
{
    machine().now = Ticks{5000};
    record(Event::run, unit);
    machine().now = Ticks{6000};
    record(Stop::blocked, unit);
    machine().now = Ticks{7000};
    (void)test::take_console_output();
    print();
    EXPECT_EQ(test::take_console_output(), "(XEN) trace: 2 CPUs, 100000000 Hz, now 7000\r\n"
                                           "(XEN) trace: 0 5000 1 d3v1 0\r\n"
                                           "(XEN) trace: 0 6000 2 d3v1 1\r\n"
                                           "(XEN) trace: CPU 0 wrote 2\r\n"
                                           "(XEN) trace: CPU 1 wrote 0\r\n"
                                           "(XEN) trace: end\r\n");
}

} // namespace
} // namespace bulkhead::sched::trace
