// The real-time guest: how long from a timer's expiry to the first instruction of the handler?
//
// Command line: samples=1000 period-us=1000 timer=virtual|physical mode=both|wfi|busy
//               after-ms=0 then=off|idle|loop
// It waits asleep (WFI) or busy (a loop); `both` takes half of the samples each way. Everything is
// printed after the measuring. The lines that start with "latency:" are for the host tool.

#include "kit/barrier.hpp"
#include "kit/board.hpp"
#include "kit/gic.hpp"
#include "kit/latency_probe.hpp"
#include "kit/print.hpp"
#include "kit/stop.hpp"
#include "latency/histogram.hpp"

namespace bulkhead::guest {
namespace {

using Wait = LatencyProbe::Wait;

constexpr unsigned warm_up_rounds = 10;
constexpr std::uint64_t ns_per_second = 1'000'000'000;

struct Options {
    std::uint64_t samples;
    std::uint64_t period_us;
    std::uint64_t after_ms; // others have this long to come to rest
    TimerKind timer;
    bool asleep;
    bool busy;
    std::string_view mode;
    std::string_view then;
};

constinit Histogram asleep;
constinit Histogram busy;
constinit Histogram together;
constinit Series cold;

Options options_from(const CommandLine& line)
{
    const auto mode = line.value("mode").value_or("both");
    return {.samples = line.number("samples", 1000),
            .period_us = line.number("period-us", 1000),
            .after_ms = line.number("after-ms", 0),
            .timer = line.value("timer") == "physical" ? TimerKind::physical_timer
                                                       : TimerKind::virtual_timer,
            .asleep = mode != "busy",
            .busy = mode != "wfi",
            .mode = mode,
            .then = line.value("then").value_or("off")};
}

void measure(const Board& board, const Options& options, Wait how, std::uint64_t samples,
             Histogram& into)
{
    const auto interrupt = board.timer(options.timer);
    const auto frequency = Timer::frequency();
    const auto period = options.period_us * frequency / 1'000'000;
    const LatencyProbe probe;
    const auto once = [&] { return probe.timer_expiry(options.timer, interrupt, period, how); };

    for (unsigned n = 0; n < warm_up_rounds; ++n)
        cold.add(once() * ns_per_second / frequency);
    for (std::uint64_t n = 0; n < samples; ++n)
        into.add(once() * ns_per_second / frequency);
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
          " avg=", together.average(), " max=", together.maximum(), " cold=", cold.maximum(),
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
    cold = {};
    const auto busy_samples =
        options.busy ? (options.asleep ? options.samples / 2 : options.samples) : 0;
    if (options.asleep)
        measure(board, options, Wait::asleep, options.samples - busy_samples, asleep);
    if (options.busy) measure(board, options, Wait::busy, busy_samples, busy);
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
    if (options.after_ms != 0)
        (void)LatencyProbe{}.timer_expiry(options.timer, board.timer(options.timer),
                                          options.after_ms * Timer::frequency() / 1000,
                                          Wait::asleep);
    do
        run(board, options);
    while (options.then == "loop");
    while (options.then == "idle")
        wait_for_interrupt();
}

} // namespace bulkhead::guest
