// The friendly guest: says what it sees of its machine, then does what is typed at its console.

#include "hello/commands.hpp"
#include "kit/barrier.hpp"
#include "kit/cpu.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/interrupts.hpp"
#include "kit/print.hpp"
#include "kit/psci.hpp"
#include "kit/stop.hpp"
#include "kit/system_register.hpp"

#include <array>

namespace bulkhead::guest {
namespace {

void print_facts(const Board& board)
{
    print("hello: Bulkhead's hello guest at ", hex(image_base()),
          board.in_xen_domain ? ", in a domain" : "", "\n");
    print("hello: EL", CurrentEL::read() >> 2U, " MIDR ", hex(MIDR_EL1::read()), " MPIDR ",
          hex(MPIDR_EL1::read()), " CPUs ", Cpu::count(), "\n");
    for (const auto& bank : board.memory_banks)
        if (bank.size != 0)
            print("hello: memory ", hex(bank.start), " ", bank.size >> 10U, " KiB\n");
    const auto version = static_cast<std::uint32_t>(psci::call(psci::Function::VERSION));
    print("hello: GICv", static_cast<unsigned>(board.gic.version), " with ", gic::interrupts(),
          " interrupts, PSCI ", version >> 16U, ".", version & 0xffffU, ", timer ",
          Timer::frequency(), " Hz\n");
    print("hello: command line: ", board.command_line.text(), "\n");
}

[[noreturn]] void serve_console(const Board& board)
{
    std::array<char, 80> line;
    std::size_t length = 0;
    for (;;) {
        print("hello> ");
        length = 0;
        for (;;) {
            mask_interrupts();
            const auto character = console::read();
            if (!character) {
                // Masked between looking and sleeping; WFI wakes for a masked interrupt too.
                wait_for_interrupt();
                unmask_interrupts();
                instruction_barrier();
                continue;
            }
            unmask_interrupts();
            if (*character == '\r' || *character == '\n') break;
            if (*character == '\b' || *character == '\x7f') {
                if (length == 0) continue;
                --length;
                print("\b \b");
            } else if (length < line.size()) {
                line[length++] = *character;
                console::write({&*character, 1});
            }
        }
        print("\n");
        run_command(board, {line.data(), length});
    }
}

} // namespace

void guest_main(const Board& board)
{
    if (board.gic.version == gic::Version::none)
        stop("the device tree has no arm,gic-v3, arm,gic-400 or arm,cortex-a15-gic");
    gic::start(board.gic);
    interrupts::start();
    prepare_commands(board);
    if (const auto command = board.command_line.value("run")) run_command(board, *command);
    print_facts(board);

    if (board.uart != UartKind::none) {
        const auto interrupt = board.uart_interrupt;
        interrupts::attach(interrupt.intid, console::take_input);
        gic::set_trigger(interrupt);
        gic::route_here(interrupt.intid);
        gic::enable(interrupt.intid);
        console::enable_input();
    }
    unmask_interrupts();
    serve_console(board);
}

} // namespace bulkhead::guest
