#include "kit/latency_probe.hpp"

#include "kit/barrier.hpp"
#include "kit/gic.hpp"
#include "kit/print.hpp"
#include "kit/stop.hpp"
#include "kit/system_register.hpp"

namespace bulkhead::guest {
namespace {

extern "C" const char probe_vectors[];
extern "C" const char guest_vectors[];
extern "C" std::uint64_t probe_wait(bool sleep, bool physical);
extern "C" ProbeSpan probe_store(std::uint64_t value, std::uintptr_t address);
extern "C" ProbeSpan probe_sgi1r(std::uint64_t value);

void use_vectors(const char* vectors)
{
    VBAR_EL1::write(reinterpret_cast<std::uint64_t>(vectors));
    instruction_barrier();
}

} // namespace

LatencyProbe::LatencyProbe() { use_vectors(probe_vectors); }
LatencyProbe::~LatencyProbe() { use_vectors(guest_vectors); }

std::uint64_t LatencyProbe::wait(Wait how, TimerKind counter) const
{
    return probe_wait(how == Wait::asleep, counter == TimerKind::physical_timer);
}

ProbeSpan LatencyProbe::store(std::uintptr_t address, std::uint32_t value) const
{
    return probe_store(value, address);
}

ProbeSpan LatencyProbe::write_sgi1r(std::uint64_t value) const { return probe_sgi1r(value); }

std::uint64_t LatencyProbe::timer_expiry(TimerKind kind, Interrupt interrupt, std::uint64_t period,
                                         Wait how) const
{
    const Timer timer{kind};
    const auto deadline = timer.now() + period;
    timer.start(deadline);
    const auto at = wait(how, kind);
    const auto acknowledged = gic::acknowledge();
    timer.stop();
    if (acknowledged.intid() != interrupt.intid) {
        print("guest: interrupt ", acknowledged.intid(), " came instead of the timer's, ",
              interrupt.intid, "\n");
        stop("unexpected interrupt");
    }
    gic::end(acknowledged);
    return at - deadline;
}

} // namespace bulkhead::guest
