#include "kit/console.hpp"

#include "kit/barrier.hpp"
#include "kit/cadence_uart.hpp"
#include "kit/lock.hpp"
#include "kit/pl011.hpp"

#include <array>

namespace bulkhead::guest::console {
namespace {

constinit Lock lock;
constinit bool seized = false;

// Fixed after open(), when only the boot CPU runs.
constinit UartKind the_kind = UartKind::none;
constinit Pl011 pl011;
constinit CadenceUart cadence;

/// Input on its way from the interrupt handler to the reader, both on the boot CPU.
struct Input {
    std::array<char, 256> buffer{};
    std::uint8_t head = 0; // wraps with the buffer
    std::uint8_t tail = 0;
};
constinit Input input;

/// Do with whichever UART there is.
template <class Action>
void with_uart(Action action)
{
    if (the_kind == UartKind::cadence)
        action(cadence);
    else if (the_kind != UartKind::none)
        action(pl011);
}

void write_unlocked(std::string_view text)
{
    with_uart([text](const auto& uart) {
        const auto send = [&uart](char character) {
            while (!uart.can_send())
                relax();
            uart.send(character);
        };
        for (const char character : text) {
            if (character == '\n') send('\r');
            send(character);
        }
    });
}

} // namespace

void open(UartKind kind, RegisterBlock registers)
{
    the_kind = kind;
    if (kind == UartKind::cadence)
        cadence = CadenceUart{registers};
    else if (kind != UartKind::none)
        pl011 = Pl011{registers, kind == UartKind::sbsa};
}

void write(std::string_view text)
{
    if (seized) {
        write_unlocked(text);
        return;
    }
    const LockGuard guard{lock};
    write_unlocked(text);
}

void seize() { seized = true; }

void enable_input()
{
    with_uart([](const auto& uart) { uart.enable_receive_interrupt(); });
}

void take_input()
{
    with_uart([](const auto& uart) {
        uart.acknowledge_receive_interrupt();
        while (uart.has_received()) {
            const char character = uart.receive();
            const auto next = static_cast<std::uint8_t>(input.head + 1);
            if (next == input.tail) continue; // full: the reader is far behind
            input.buffer[input.head] = character;
            input.head = next;
        }
    });
}

std::optional<char> read()
{
    const InterruptsMasked masked;
    if (input.head == input.tail) return std::nullopt;
    return input.buffer[input.tail++];
}

} // namespace bulkhead::guest::console
