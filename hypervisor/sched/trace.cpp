#include "sched/trace.hpp"

#include "base/log.hpp"
#include "machine/cpu.hpp"
#include "machine/time.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>

namespace bulkhead::sched::trace {
namespace {

/// A Record that others may read while it is written.
using Slot = std::array<std::atomic<std::uint64_t>, 2>;
using Words = std::array<std::uint64_t, 2>;

struct alignas(cache_line) Ring {
    Slot* slots = nullptr;
    std::uint64_t mask = 0; // its length less one
    /// Records written; the next goes to this place. A record is in memory before it counts.
    std::atomic<std::uint64_t> written = 0;
};
constinit std::array<Ring, max_cpus> rings;

} // namespace

void use(CpuId cpu, std::span<std::byte> memory)
{
    auto& ring = rings[cpu.value()];
    ring.mask = memory.size() / sizeof(Slot) - 1;
    ring.written = 0;
    ring.slots = reinterpret_cast<Slot*>(memory.data());
}

[[gnu::noinline]] void record(Event event, UnitName unit, std::uint32_t argument)
{
    auto& ring = rings[machine::this_cpu().value()];
    if (ring.slots == nullptr) return;
    const auto place = ring.written.load(std::memory_order_relaxed);
    auto& slot = ring.slots[place & ring.mask];
    // Whoever sees a part of this record sees that all before it are written: it took the place of
    // the oldest.
    std::atomic_thread_fence(std::memory_order_release);
    const auto words = std::bit_cast<Words>(
        Record{machine::now().value(), argument, unit.domain, unit.vcpu, event});
    slot[0].store(words[0], std::memory_order_relaxed);
    slot[1].store(words[1], std::memory_order_relaxed);
    ring.written.store(place + 1, std::memory_order_release);
}

std::uint64_t read(CpuId cpu, void (*take)(CpuId cpu, const Record& record))
{
    const auto& ring = rings[cpu.value()];
    const auto end = ring.written.load(std::memory_order_acquire);
    const auto length = ring.mask + 1;
    for (auto place = end - std::min(end, length); place < end; ++place) {
        const auto& slot = ring.slots[place & ring.mask];
        const Words words{slot[0].load(std::memory_order_relaxed),
                          slot[1].load(std::memory_order_relaxed)};
        std::atomic_thread_fence(std::memory_order_acquire);
        // The owner may be writing the next one already, where this one was.
        if (ring.written.load(std::memory_order_relaxed) < place + length)
            take(cpu, std::bit_cast<Record>(words));
    }
    return end;
}

void print()
{
    log::info("trace: {} CPUs, {} Hz, now {}", machine::cpu_count(), machine::ticks_per_second(),
              machine::now());
    for (std::uint32_t cpu = 0; cpu < machine::cpu_count(); ++cpu) {
        const auto written = read(CpuId{cpu}, [](CpuId owner, const Record& record) {
            log::info("trace: {} {} {} d{}v{} {}", owner, record.at,
                      static_cast<unsigned>(record.event), record.domain, record.vcpu,
                      record.argument);
        });
        log::info("trace: CPU {} wrote {}", cpu, written);
    }
    log::info("trace: end");
}

} // namespace bulkhead::sched::trace
