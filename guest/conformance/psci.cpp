// Power State Coordination Interface (DEN 0022).

#include "kit/psci.hpp"
#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/barrier.hpp"
#include "kit/cpu.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/stop.hpp"
#include "kit/timer.hpp"
#include "kit/translation.hpp"

#include <atomic>

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;
using psci::Function;

constexpr std::uint64_t no_cpu = 0xff'00fe'fefe;

/// Where conformance_cpu_start_probe (registers.S) notes how it was started.
struct alignas(64) CpuStart {
    std::uint64_t current_el;
    std::uint64_t daif;
    std::uint64_t stack_pointer_select;
    std::uint64_t system_control;
    std::uint64_t mpidr;
    std::uint64_t context;
    std::uint64_t conduit;
};
constinit CpuStart probe{};

extern "C" void conformance_cpu_start_probe();

std::int32_t features(Function function)
{
    return psci::call(Function::FEATURES, static_cast<std::uint32_t>(function));
}

void version_is_at_least_1_0()
{
    const auto version = static_cast<std::uint32_t>(psci::call(Function::VERSION));
    expect("PSCI_VERSION is 1.0 or later", version >= 0x1'0000 && version < 0x8000'0000);
}

void features_know_the_mandatory()
{
    // DEN 0022, table 6: mandatory in 1.0.
    for (const auto function :
         {Function::VERSION, Function::CPU_OFF, Function::CPU_ON, Function::CPU_ON_32,
          Function::AFFINITY_INFO, Function::AFFINITY_INFO_32, Function::SYSTEM_OFF,
          Function::SYSTEM_RESET, Function::FEATURES})
        expect_equal("FEATURES of a mandatory function", features(function), psci::SUCCESS);
    // CPU_SUSPEND's answer is flags: extended power states, OS initiated mode.
    const auto suspend = features(Function::CPU_SUSPEND);
    expect("FEATURES(CPU_SUSPEND) is no error", suspend >= 0 && suspend <= 3);
}

void features_refuse_the_unknown()
{
    expect_equal("FEATURES of nothing", psci::call(Function::FEATURES, 0x8400'00fe),
                 psci::NOT_SUPPORTED);
}

void migration_is_not_needed()
{
    // 2: no trusted OS that would need it; or the function is not there.
    const auto type = psci::call(Function::MIGRATE_INFO_TYPE);
    expect("MIGRATE_INFO_TYPE is 2 or NOT_SUPPORTED", type == 2 || type == psci::NOT_SUPPORTED);
}

void running_cpu_is_on()
{
    const auto on = static_cast<std::int32_t>(psci::PowerState::on);
    expect_equal("AFFINITY_INFO of this CPU",
                 psci::call(Function::AFFINITY_INFO, Cpu::affinity(0), 0), on);
    expect_equal("AFFINITY_INFO of this CPU, 32 bits",
                 psci::call(Function::AFFINITY_INFO_32, Cpu::affinity(0), 0), on);
}

void affinity_info_refuses_no_cpu()
{
    expect_equal("AFFINITY_INFO of no CPU", psci::call(Function::AFFINITY_INFO, no_cpu, 0),
                 psci::INVALID_PARAMETERS);
}

void cpu_on_refuses_no_cpu()
{
    expect_equal("CPU_ON of no CPU", psci::call(Function::CPU_ON, no_cpu, image_base(), 0),
                 psci::INVALID_PARAMETERS);
}

void cpu_on_refuses_a_running_one()
{
    expect_equal("CPU_ON of this CPU",
                 psci::call(Function::CPU_ON, Cpu::affinity(0), image_base(), 0), psci::ALREADY_ON);
}

void other_cpu_is_off()
{
    expect_equal("AFFINITY_INFO of CPU 1", psci::call(Function::AFFINITY_INFO, Cpu::affinity(1), 0),
                 static_cast<std::int32_t>(psci::PowerState::off));
}

constinit std::atomic<bool> running{false};
constinit std::atomic<bool> may_end{false};

void run_until_told()
{
    running = true;
    while (!may_end.load())
        wait_for_event();
}

void other_cpu_turns_on_and_off()
{
    running = false;
    may_end = false;
    expect("CPU 1 starts", start_second_cpu(run_until_told));
    expect("CPU 1 runs", within(soon, [] { return running.load(); }));
    expect_equal("AFFINITY_INFO of CPU 1", psci::call(Function::AFFINITY_INFO, Cpu::affinity(1), 0),
                 static_cast<std::int32_t>(psci::PowerState::on));
    expect_equal("CPU_ON of the running CPU 1",
                 psci::call(Function::CPU_ON, Cpu::affinity(1), image_base(), 0), psci::ALREADY_ON);
    may_end = true;
    send_event();
    expect("CPU 1 turns off", second_cpu_ends());
}

constinit std::atomic<unsigned> starts{0};

void count_start() { starts.fetch_add(1); }

void on_and_off_twenty_times()
{
    starts = 0;
    for (unsigned n = 1; n <= 20; ++n) {
        expect("CPU 1 starts", start_second_cpu(count_start));
        expect("CPU 1 ends", second_cpu_ends());
        if (starts.load() != n) break;
    }
    expect_equal("starts", starts.load(), 20U);
}

void cpu_starts_as_promised()
{
    probe = {};
    probe.conduit = psci::conduit() == Conduit::smc ? 1U : 0U;
    const auto address = reinterpret_cast<std::uint64_t>(&probe);
    translation::clean_and_invalidate({.start = address, .size = sizeof(probe)});
    expect_equal("CPU_ON",
                 psci::call(Function::CPU_ON, Cpu::affinity(1),
                            reinterpret_cast<std::uint64_t>(conformance_cpu_start_probe), address),
                 psci::SUCCESS);
    expect("CPU 1 comes", within(soon, [address] {
               translation::clean_and_invalidate({.start = address, .size = sizeof(probe)});
               return probe.context != 0;
           }));
    expect("CPU 1 turns off", within(soon, second_cpu_is_off));
    expect_equal("the context in x0", probe.context, address);
    expect_equal("CurrentEL", probe.current_el >> 2U, 1U);
    expect_equal("SPSel", probe.stack_pointer_select, 1U);
    expect_equal("DAIF", probe.daif, 0xfU << 6U);
    expect_equal("SCTLR_EL1.M, C and I", probe.system_control & (1U | 1U << 2U | 1U << 12U), 0U);
    expect_equal("the affinity", probe.mpidr & MPIDR_EL1::affinity_mask, Cpu::affinity(1));
}

void standby_ends_by_interrupt()
{
    // power_state 0: standby of this CPU (DEN 0022, 5.4.2).
    const Timer timer{TimerKind::virtual_timer};
    const auto interrupt = board().virtual_timer.intid;
    enable(interrupt);
    timer.start(timer.now() + Timer::frequency() / 1000);
    expect_equal("CPU_SUSPEND", psci::call(Function::CPU_SUSPEND, 0, image_base(), 0),
                 psci::SUCCESS);
    const auto taken = take();
    expect_equal("the interrupt", taken.intid().value, interrupt.value);
    timer.stop();
    machine::end(taken);
}

void cpu_on_refuses_an_address_outside_memory()
{
    // Last of all: where this succeeds, CPU 1 runs into an abort and never comes back.
    expect_equal("CPU_ON at an address without memory",
                 psci::call(Function::CPU_ON, Cpu::affinity(1), board().unused_address(), 0),
                 psci::INVALID_ADDRESS);
}

constexpr Check checks[] = {
    {"psci.version_is_at_least_1_0", version_is_at_least_1_0},
    {"psci.features_know_the_mandatory", features_know_the_mandatory},
    {"psci.features_refuse_the_unknown", features_refuse_the_unknown},
    {"psci.migration_is_not_needed", migration_is_not_needed},
    {"psci.running_cpu_is_on", running_cpu_is_on},
    {"psci.affinity_info_refuses_no_cpu", affinity_info_refuses_no_cpu},
    {"psci.cpu_on_refuses_no_cpu", cpu_on_refuses_no_cpu},
    {"psci.cpu_on_refuses_a_running_one", cpu_on_refuses_a_running_one},
    {"psci.standby_ends_by_interrupt", standby_ends_by_interrupt},
    {"psci.other_cpu_is_off", other_cpu_is_off, Needs::two_cpus},
    {"psci.other_cpu_turns_on_and_off", other_cpu_turns_on_and_off, Needs::two_cpus},
    {"psci.on_and_off_twenty_times", on_and_off_twenty_times, Needs::two_cpus},
    {"psci.cpu_starts_as_promised", cpu_starts_as_promised, Needs::two_cpus},
    {"psci.cpu_on_refuses_an_address_outside_memory", cpu_on_refuses_an_address_outside_memory,
     Needs::two_cpus},
};

} // namespace

constinit const Group psci_group = checks;

} // namespace bulkhead::guest::conformance
