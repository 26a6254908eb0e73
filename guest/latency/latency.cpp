// The real-time guest: how long from a timer's expiry to the first instruction of the handler?
//
// Command line: samples=1000 period-us=1000 timer=virtual|physical mode=both|wfi|busy
//               then=off|idle|loop
// It waits asleep (WFI) or busy (a loop); `both` takes half of the samples each way. Everything is
// printed after the measuring. The lines that start with "latency:" are for the host tool.

#include "kit/barrier.hpp"
#include "kit/board.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/print.hpp"
#include "kit/psci.hpp"
#include "kit/stop.hpp"
#include "kit/system_register.hpp"
#include "kit/timer.hpp"
#include "latency/histogram.hpp"

namespace bulkhead::guest {
namespace {

extern "C" const char latency_vectors[];
extern "C" const char guest_vectors[];
extern "C" std::uint64_t latency_wait(bool sleep, bool physical);

constexpr unsigned warm_up_rounds = 10;
constexpr std::uint64_t ns_per_second = 1'000'000'000;

struct Options {
    std::uint64_t samples;
    std::uint64_t period_us;
    TimerKind timer;
    bool asleep;
    bool busy;
    std::string_view mode;
    std::string_view then;
};

constinit Histogram asleep;
constinit Histogram busy;
constinit Histogram together;

Options options_from(const CommandLine& line)
{
    const auto mode = line.value("mode").value_or("both");
    return {.samples = line.number("samples", 1000),
            .period_us = line.number("period-us", 1000),
            .timer = line.value("timer") == "physical" ? TimerKind::physical_timer
                                                       : TimerKind::virtual_timer,
            .asleep = mode != "busy",
            .busy = mode != "wfi",
            .mode = mode,
            .then = line.value("then").value_or("off")};
}

/// Ticks from the timer's expiry to the handler.
std::uint64_t measure_once(const Timer& timer, const Interrupt& interrupt, std::uint64_t period,
                           bool sleep, bool physical)
{
    const auto deadline = timer.now() + period;
    timer.start(deadline);
    const auto at = latency_wait(sleep, physical);
    const auto acknowledged = gic::acknowledge();
    timer.stop();
    if (acknowledged.intid() != interrupt.intid) {
        print("latency: interrupt ", acknowledged.intid(), " came instead of the timer's, ",
              interrupt.intid, "\n");
        stop("unexpected interrupt");
    }
    gic::end(acknowledged);
    return at - deadline;
}

void measure(const Board& board, const Options& options, bool sleep, std::uint64_t samples,
             Histogram& into)
{
    const Timer timer{options.timer};
    const auto interrupt = board.timer(options.timer);
    const bool physical = options.timer == TimerKind::physical_timer;
    const auto frequency = Timer::frequency();
    const auto period = options.period_us * frequency / 1'000'000;

    VBAR_EL1::write(reinterpret_cast<std::uint64_t>(latency_vectors));
    instruction_barrier();
    for (unsigned n = 0; n < warm_up_rounds; ++n)
        measure_once(timer, interrupt, period, sleep, physical);
    for (std::uint64_t n = 0; n < samples; ++n) {
        const auto ticks = measure_once(timer, interrupt, period, sleep, physical);
        into.add(ticks * ns_per_second / frequency);
    }
    VBAR_EL1::write(reinterpret_cast<std::uint64_t>(guest_vectors));
    instruction_barrier();
}

void print_phase(const char* name, const Histogram& histogram)
{
    print("latency: phase=", name, " samples=", histogram.count(), " min=", histogram.minimum(),
          " avg=", histogram.average(), " max=", histogram.maximum(), "\n");
}

void report(const Options& options)
{
    if (options.asleep) print_phase("wfi", asleep);
    if (options.busy) print_phase("busy", busy);
    print("latency: samples=", together.count(), " min=", together.minimum(),
          " avg=", together.average(), " max=", together.maximum(),
          " unit=ns frequency=", Timer::frequency(), "\n");
    for (unsigned n = 0; n < Histogram::buckets; ++n) {
        const auto bucket = together.bucket(n);
        if (bucket.count != 0)
            print("latency: bucket from=", bucket.from, " to=", bucket.to, " count=", bucket.count,
                  "\n");
    }
    print("latency: done\n");
}

void run(const Board& board, const Options& options)
{
    asleep = {};
    busy = {};
    together = {};
    const auto busy_samples =
        options.busy ? (options.asleep ? options.samples / 2 : options.samples) : 0;
    if (options.asleep) measure(board, options, true, options.samples - busy_samples, asleep);
    if (options.busy) measure(board, options, false, busy_samples, busy);
    together.add(asleep);
    together.add(busy);
    report(options);
}

} // namespace

void guest_main(const Board& board)
{
    const auto options = options_from(board.command_line);
    print("latency: Bulkhead's real-time guest, GICv", static_cast<unsigned>(board.gic.version),
          options.timer == TimerKind::physical_timer ? ", physical" : ", virtual",
          " timer, mode=", options.mode, ", every ", options.period_us, " us\n");
    if (board.gic.version == gic::Version::none)
        stop("the device tree has no arm,gic-v3, arm,gic-400 or arm,cortex-a15-gic");
    gic::start(board.gic);
    gic::enable(board.timer(options.timer).intid);
    do
        run(board, options);
    while (options.then == "loop");
    while (options.then == "idle")
        wait_for_interrupt();
}

} // namespace bulkhead::guest
