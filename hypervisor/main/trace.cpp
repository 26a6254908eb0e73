#include "sched/trace.hpp"
#include "base/read_only_after_boot.hpp"
#include "machine/cpu.hpp"
#include "main/host.hpp"
#include "memory/page_pool.hpp"

#include <bit>

namespace bulkhead::start {
namespace {

INITIALISED_READ_ONLY_AFTER_BOOT constinit device::ConsoleKey key{
    't', "what the schedulers did last, for ./bulkhead trace", sched::trace::print};

} // namespace

void start_trace(std::uint32_t pages)
{
    if (pages == 0) return;
    pages = std::bit_floor(pages);
    for (std::uint32_t cpu = 0; cpu < machine::cpu_count(); ++cpu)
        if (const auto memory = memory::page_pool().allocate_pages(pages))
            sched::trace::use(CpuId{cpu}, {*memory, pages * page_size});
    console_input().add_key(key);
}

} // namespace bulkhead::start
