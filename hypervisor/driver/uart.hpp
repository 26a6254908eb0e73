#pragma once

#include "driver/cadence_uart.hpp"
#include "driver/ns16550.hpp"
#include "driver/pl011.hpp"
#include "driver/uart_placement.hpp"

#include <optional>
#include <string_view>
#include <variant>

namespace bulkhead::driver {

/// The host's console UART, whichever it is. Speed and format stay as firmware left them.
class Uart {
public:
    /// Is there a driver for a node with this `compatible` entry?
    [[nodiscard]] static bool supports(std::string_view compatible);
    /// The UART of a node with this `compatible` entry, not started; empty if no driver knows it.
    [[nodiscard]] static std::optional<Uart> matching(std::string_view compatible,
                                                      const UartPlacement& placement);

    /// Turns it on if firmware did not, with its interrupts off.
    void start();

    /// Sends a byte if there is room for it now.
    [[nodiscard]] bool try_write(char byte);
    [[nodiscard]] std::optional<char> try_read();

    /// What was received, before this too, interrupts; with `room`, the transmitter as well, once
    /// it has sent what it has.
    void enable_interrupts(bool room);
    /// Hands all that was received to `input`, in order, and ends that interrupt.
    template <typename Input>
    void handle_interrupt(Input&& input)
    {
        // A character that comes after the last look leaves the interrupt pending, or is seen by
        // the next one: the loop ends with nothing received and the interrupt cleared before that
        // look.
        auto character = try_read();
        do {
            for (; character; character = try_read())
                input(*character);
            clear_receive_interrupt();
            character = try_read();
        } while (character);
    }

private:
    using Model = std::variant<Pl011, SbsaUart, CadenceUart, Ns16550>;

    explicit Uart(const Model& model) : model_(model) {}

    void clear_receive_interrupt();

    Model model_;
};

} // namespace bulkhead::driver
