#include "hello/commands.hpp"

#include "kit/barrier.hpp"
#include "kit/cpu.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/interrupts.hpp"
#include "kit/print.hpp"
#include "kit/psci.hpp"
#include "kit/smccc.hpp"
#include "kit/stop.hpp"
#include "kit/translation.hpp"

#include <atomic>

namespace bulkhead::guest {
namespace {

constexpr Intid wake_up = sgi(1); // CPU 0 to a secondary
constexpr Intid answer = sgi(2);  // and back, to make CPU 0 look at `answers`

constinit std::atomic<unsigned> answers{0};

// One timer command at a time, on CPU 0.
constinit std::atomic<unsigned> ticks{0};
constinit Timer ticking{TimerKind::virtual_timer};
constinit std::uint64_t next_tick = 0;

void on_tick()
{
    ticks.fetch_add(1, std::memory_order_relaxed);
    next_tick += Timer::frequency() / 10;
    ticking.start(next_tick); // lowers the line as well
}

void do_nothing() {} // the SGI's work is to end a WFI

/// Sleep until `done`; interrupts are handled meanwhile.
template <class Condition>
void wait_until(Condition done)
{
    // Masked while looking, or an interrupt between the look and the WFI would be slept through;
    // WFI wakes for masked ones too.
    mask_interrupts();
    while (!done()) {
        wait_for_interrupt();
        unmask_interrupts();
        instruction_barrier();
        mask_interrupts();
    }
    unmask_interrupts();
}

// -- commands; `arguments` is the rest of the line

void help(const Board&, std::string_view);

void ping(const Board&, std::string_view) { print("pong\n"); }

/// Count first: the SGIs of several CPUs may arrive as one.
void tell_boot_cpu()
{
    answers.fetch_add(1, std::memory_order_release);
    gic::send_sgi(answer, 0);
}

void secondary()
{
    gic::start_cpu();
    gic::enable(wake_up);
    print("hello: CPU ", Cpu::current(), " runs, MPIDR ", hex(MPIDR_EL1::read()), "\n");
    tell_boot_cpu();
    // Woken by an SGI with interrupts masked: taken by hand, then answered.
    for (;;) {
        wait_for_interrupt();
        const auto interrupt = gic::acknowledge();
        if (interrupt.intid().is_special()) continue;
        gic::end(interrupt);
        if (interrupt.intid() == wake_up) break;
    }
    gic::disable(wake_up);
    print("hello: CPU ", Cpu::current(), " got the SGI, powers off\n");
    tell_boot_cpu();
}

void cpus(const Board&, std::string_view)
{
    answers = 0;
    unsigned started = 0;
    for (unsigned cpu = 1; cpu < Cpu::count(); ++cpu) {
        const auto result = Cpu::start(cpu, secondary);
        if (result == psci::SUCCESS)
            ++started;
        else
            print("hello: CPU ", cpu, " does not start: PSCI ", result, "\n");
    }
    wait_until([started] { return answers.load(std::memory_order_acquire) == started; });
    gic::send_sgi_to_others(wake_up);
    wait_until([started] { return answers.load(std::memory_order_acquire) == 2 * started; });
    for (unsigned cpu = 1; cpu < Cpu::count(); ++cpu)
        while (psci::call(psci::Function::AFFINITY_INFO, Cpu::affinity(cpu), 0) !=
               static_cast<std::int32_t>(psci::PowerState::off))
            relax();
    print("hello: ", started + 1, " of ", Cpu::count(), " CPUs ran\n");
}

void tick(const Board& board, std::string_view arguments, TimerKind kind)
{
    const auto wanted = static_cast<unsigned>(to_number(take_word(arguments)).value_or(3));
    const auto interrupt = board.timer(kind);
    ticks = 0;
    ticking = Timer{kind};
    next_tick = ticking.now() + Timer::frequency() / 10;
    interrupts::attach(interrupt.intid, on_tick);
    gic::enable(interrupt.intid);
    ticking.start(next_tick);
    for (unsigned n = 1; n <= wanted; ++n) {
        wait_until([n] { return ticks.load(std::memory_order_relaxed) >= n; });
        print("hello: ", kind == TimerKind::virtual_timer ? "virtual" : "physical", " timer tick ",
              n, " of ", wanted, "\n");
    }
    ticking.stop();
    gic::disable(interrupt.intid);
}

void timer(const Board& board, std::string_view arguments)
{
    tick(board, arguments, TimerKind::virtual_timer);
}

void ptimer(const Board& board, std::string_view arguments)
{
    tick(board, arguments, TimerKind::physical_timer);
}

/// PL031 (ARM DDI 0224, 3.2).
namespace rtc {
constexpr At<std::uint32_t> data{0x00};
constexpr At<std::uint32_t> match{0x04};
constexpr At<std::uint32_t> mask{0x10};
constexpr At<std::uint32_t> clear{0x1c};
} // namespace rtc

constinit std::uint64_t alarm_at = 0;
constinit std::atomic<bool> alarm_rang{false};
constinit RegisterBlock clock;

void on_alarm()
{
    alarm_at = Timer{TimerKind::virtual_timer}.now();
    clock.write(rtc::clear, 1U);
    alarm_rang = true;
}

/// The first counter of a Cadence TTC (Zynq UltraScale+ register reference, TTC).
namespace ttc {
constexpr At<std::uint32_t> control{0x0c};
constexpr At<std::uint32_t> interval{0x24};
constexpr At<std::uint32_t> status{0x54}; // reading it clears it
constexpr At<std::uint32_t> enable{0x60};
constexpr std::uint32_t stopped = 0x21;
constexpr std::uint32_t from_zero_to_interval = 0x32;
constexpr std::uint32_t interval_reached = 1;
} // namespace ttc

void on_count()
{
    alarm_at = Timer{TimerKind::virtual_timer}.now();
    clock.write(ttc::control, ttc::stopped);
    alarm_rang = (clock.read(ttc::status) & ttc::interval_reached) != 0;
}

void count(const Board& board, std::string_view)
{
    if (board.counter_registers.size == 0) return print("hello: there is no TTC\n");
    clock = RegisterBlock{board.counter_registers.start};
    const auto& interrupt = board.counter_interrupt;
    clock.write(ttc::control, ttc::stopped);
    (void)clock.read(ttc::status);
    interrupts::attach(interrupt.intid, on_count);
    gic::set_trigger(interrupt);
    gic::route_here(interrupt.intid);
    gic::enable(interrupt.intid);
    alarm_rang = false;
    const auto begin = Timer{TimerKind::virtual_timer}.now();
    clock.write(ttc::interval, 10000U);
    clock.write(ttc::enable, ttc::interval_reached);
    clock.write(ttc::control, ttc::from_zero_to_interval);
    wait_until([] { return alarm_rang.load(); });
    gic::disable(interrupt.intid);
    print("hello: interrupt ", interrupt.intid, " of the counter at ", hex(clock.base()), " after ",
          alarm_at - begin, " ticks\n");
}

/// Without a wait, what an interrupt of a device costs: it comes with the write.
void alarm(const Board& board, std::string_view arguments)
{
    if (board.clock_registers.size == 0) return print("hello: there is no PL031\n");
    const auto seconds = static_cast<std::uint32_t>(to_number(take_word(arguments)).value_or(1));
    clock = RegisterBlock{board.clock_registers.start};
    const auto& interrupt = board.clock_interrupt;
    interrupts::attach(interrupt.intid, on_alarm);
    gic::set_trigger(interrupt);
    gic::route_here(interrupt.intid);
    gic::enable(interrupt.intid);
    clock.write(rtc::mask, 1U);
    alarm_rang = false;
    const auto at = clock.read(rtc::data) + seconds;
    const auto begin = Timer{TimerKind::virtual_timer}.now();
    clock.write(rtc::match, at);
    wait_until([] { return alarm_rang.load(); });
    gic::disable(interrupt.intid);
    print("hello: interrupt ", interrupt.intid, " of the clock at ", hex(clock.base()), " after ",
          alarm_at - begin, " ticks\n");
}

void off(const Board&, std::string_view)
{
    print("hello: off\n");
    psci::system_off();
}

void reset(const Board&, std::string_view)
{
    print("hello: reset\n");
    psci::system_reset();
}

void peek(const Board& board, std::string_view)
{
    if (board.shared_memory.size == 0) return print("hello: there is no shared memory\n");
    const auto word = RegisterBlock{board.shared_memory.start}.read(At<std::uint32_t>{0});
    print("hello: shared memory starts with ", hex(word), "\n");
}

void pet(const Board&, std::string_view)
{
    constexpr std::uint32_t watchdog = 0x8200'3d06; // "arm,smc-wdt"
    constexpr std::uint64_t command = 3;
    const auto result = smccc_call(Conduit::smc, watchdog, command).x0;
    print("hello: watchdog: ", result == 0 ? "petted" : "there is none", "\n");
}

void hang(const Board&, std::string_view)
{
    mask_interrupts();
    for (;;)
        relax();
}

void crash(const Board& board, std::string_view)
{
    // Mapped by the guest's own tables, so that the abort is the machine's or the hypervisor's.
    const auto address = board.unused_address();
    translation::map({.start = address, .size = 4}, MemoryType::device);
    const auto fault =
        guarded([address] { (void)RegisterBlock{address}.read(At<std::uint32_t>{0}); });
    if (fault)
        print("hello: reading ", hex(address), ": abort, ESR ", hex(fault->esr), " FAR ",
              hex(fault->far), "\n");
    else
        print("hello: reading ", hex(address), ": no abort\n");
}

void psci_results(const Board&, std::string_view)
{
    using psci::Function;
    const auto version = static_cast<std::uint32_t>(psci::call(Function::VERSION));
    const auto own = Cpu::affinity(0);
    print("hello: PSCI version ", version >> 16U, ".", version & 0xffffU, "\n");
    print("hello: FEATURES(CPU_ON) ",
          psci::call(Function::FEATURES, static_cast<std::uint32_t>(Function::CPU_ON)),
          " FEATURES(unknown) ", psci::call(Function::FEATURES, 0x8400'00ff), "\n");
    print("hello: CPU_ON of myself ", psci::call(Function::CPU_ON, own, image_base(), 0),
          " of no CPU ", psci::call(Function::CPU_ON, 0xff'00ff'ffff, image_base(), 0), "\n");
    print("hello: AFFINITY_INFO of myself ", psci::call(Function::AFFINITY_INFO, own, 0),
          " MIGRATE_INFO_TYPE ", psci::call(Function::MIGRATE_INFO_TYPE), " unknown function ",
          psci::call(static_cast<Function>(0x8400'00ff)), "\n");
}

struct Command {
    std::string_view name;
    void (*run)(const Board&, std::string_view arguments);
    const char* what;
};

constexpr Command commands[] = {
    {"ping", ping, "say pong"},
    {"cpus", cpus, "start all CPUs, send each an SGI, and have them power off"},
    {"timer", timer, "N: print N ticks of the virtual timer, ten a second"},
    {"ptimer", ptimer, "N: the same with the physical timer"},
    {"alarm", alarm, "N: wait N seconds for the interrupt of a PL031 real-time clock"},
    {"count", count, "wait for the interrupt of a Cadence TTC"},
    {"peek", peek, "print the first word of the shared memory"},
    {"psci", psci_results, "what PSCI answers"},
    {"crash", crash, "read an address that does not exist, and say what came"},
    {"pet", pet, "pet the watchdog"},
    {"hang", hang, "do nothing any more"},
    {"off", off, "power off"},
    {"reset", reset, "reset"},
    {"help", help, "this list"},
};

void help(const Board&, std::string_view)
{
    for (const auto& command : commands)
        print("hello: ", command.name, " - ", command.what, "\n");
}

} // namespace

void prepare_commands(const Board&)
{
    interrupts::attach(answer, do_nothing);
    gic::enable(answer);
}

void run_command(const Board& board, std::string_view line)
{
    const auto name = take_word(line);
    if (name.empty()) return;
    for (const auto& command : commands) {
        if (command.name != name) continue;
        command.run(board, line);
        return;
    }
    print("hello: no command ", name, "; help lists them\n");
}

} // namespace bulkhead::guest
