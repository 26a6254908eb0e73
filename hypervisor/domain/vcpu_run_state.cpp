#include "domain/vcpu.hpp"

#include "event/xen_abi.hpp"
#include "machine/time.hpp"
#include "sched/scheduler.hpp"

#include <span>

namespace bulkhead::domain {
namespace {

std::uint64_t nanoseconds(std::uint64_t ticks)
{
    constexpr std::uint64_t second = 1'000'000'000;
    const auto per_second = machine::ticks_per_second();
    return ticks / per_second * second + ticks % per_second * second / per_second;
}

} // namespace

void Vcpu::tell_run_state()
{
    const Guard guard{lock};
    const auto times = sched::run_times(*this);
    vcpu_runstate_info info{};
    info.state = static_cast<int>(times.state);
    // The guest's time is that of its virtual counter.
    info.state_entry_time = nanoseconds(times.since.value() - registers.cntvoff_el2);
    for (unsigned n = 0; n < times.ticks.size(); ++n)
        info.time[n] = nanoseconds(times.ticks[n]);
    run_state_area.store(std::as_bytes(std::span{&info, 1}));
}

} // namespace bulkhead::domain
