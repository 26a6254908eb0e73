#include "arm64/cpu_setup.hpp"
#include "arm64/firmware.hpp"
#include "arm64/layout.hpp"
#include "arm64/per_cpu.hpp"
#include "arm64/speculation.hpp"
#include "arm64/stage1.hpp"
#include "base/log.hpp"
#include "driver/gic.hpp"
#include "machine/cpu.hpp"
#include "machine/memory.hpp"
#include "machine/time.hpp"
#include "main/host.hpp"
#include "memory/page_pool.hpp"

#include <atomic>

extern "C" [[noreturn]] void start_guests(std::uint64_t stack_top);

namespace bulkhead::start {
namespace {

enum class Progress : std::uint8_t { off, online, failed };
constinit std::array<std::atomic<Progress>, max_cpus> progress;
constinit Intid maintenance;
constinit Intid alarm;
constinit bool allow_speculative_stores;

/// Longer than any firmware needs to start a CPU.
constexpr std::uint64_t patience_in_seconds = 1;

void map_stack(CpuId cpu)
{
    auto pages = memory::page_pool().allocate_pages(arm64::stack_size / page_size);
    if (!pages) machine::halt("no memory for a CPU's stack");
    arm64::map_stage1(arm64::stack_top(cpu) - arm64::stack_size,
                      machine::physical_address_of(*pages), arm64::stack_size,
                      arm64::Access::read_write, arm64::TableSource::page_pool);
}

bool wait_for(CpuId cpu)
{
    const auto deadline = machine::now() + patience_in_seconds * machine::ticks_per_second();
    while (progress[cpu.value()].load(std::memory_order_acquire) == Progress::off)
        if (machine::now() > deadline) return false;
    return progress[cpu.value()] == Progress::online;
}

Result<void> switch_on(const devicetree::HostDescription& host,
                       const devicetree::Processor& processor, CpuId cpu)
{
    switch (processor.enable_method) {
    case devicetree::EnableMethod::psci:
        if (!host.psci) return failure(Error::no_device);
        return arm64::start_cpu(host.psci->cpu_on, processor.affinity, cpu);
    case devicetree::EnableMethod::spin_table:
        return arm64::release_spin_table(processor.release_address, processor.affinity, cpu);
    default: return failure(Error::not_supported);
    }
}

} // namespace

void start_secondary_cpus(const devicetree::HostDescription& host, const boot::Options& options)
{
    maintenance = host.interrupt_controller.maintenance;
    alarm = host.timer.hypervisor;
    allow_speculative_stores = options.allow_speculative_stores;
    // An HVC of EL2 comes to EL2 itself: no firmware can be behind it.
    if (host.psci && host.psci->by_hvc)
        log::error(
            "/psci: method = \"hvc\", but the hypervisor is at EL2 itself: has to be \"smc\"");
    if (host.psci && !host.psci->by_hvc) arm64::use_firmware();
    arm64::protect_from_speculation(allow_speculative_stores);
    map_stack(CpuId{0});
    const auto count = std::min<std::uint32_t>(
        static_cast<std::uint32_t>(host.processors.all.size()), std::max(options.maxcpus, 1U));
    // CPUs are numbered without gaps up to the first one that does not start: what the tools and
    // hard-affinity call CPU 2 is always the same one.
    std::uint32_t online = 1;
    for (; online < count; ++online) {
        const CpuId cpu{online};
        const auto& processor = host.processors.all[online];
        map_stack(cpu);
        arm64::per_cpu(cpu).affinity = processor.affinity;
        if (!switch_on(host, processor, cpu) || !wait_for(cpu)) {
            log::error("CPU {} (affinity {x}) does not start: the machine goes on with {} CPUs",
                       cpu, processor.affinity, online);
            break;
        }
    }
    arm64::set_cpu_count(online);
    arm64::remove_identity_map();
}

extern "C" [[noreturn]] void bulkhead_secondary_main(std::uint32_t number)
{
    const CpuId cpu{number};
    arm64::start_per_cpu(cpu);
    arm64::set_up_cpu(driver::gic().is_v3());
    arm64::protect_from_speculation(allow_speculative_stores);
    if (driver::gic().initialise_cpu(cpu)) {
        driver::gic().enable(maintenance);
        driver::gic().enable(alarm);
        progress[number].store(Progress::online, std::memory_order_release);
    } else {
        progress[number].store(Progress::failed, std::memory_order_release);
        for (;;)
            asm volatile("wfi");
    }
    start_guests(arm64::stack_top(cpu));
}

} // namespace bulkhead::start
