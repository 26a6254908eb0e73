#pragma once

#include "driver/cadence_uart.hpp"
#include "driver/ns16550.hpp"
#include "driver/pl011.hpp"
#include "driver/uart_placement.hpp"

#include <cstdint>
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

    /// Sends text and waits until it is taken; LF becomes CR LF.
    void write(std::string_view text);
    /// Sends bytes as they are and waits until they are taken.
    void write_raw(std::string_view bytes);

    [[nodiscard]] std::optional<char> try_read();

    /// What was received before interrupts at once.
    void enable_receive_interrupt();
    /// Hands all that was received to `input`, in order, and ends the interrupt.
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
    void put(char character);

    /// Polls for room before a character is given up: some ten characters' time at 9600 baud.
    static constexpr std::uint32_t patience = 1'000'000;

    Model model_;
    /// What is left of it: a UART that is held by flow control, or has lost its clock, costs its
    /// full length once and not at every character.
    std::uint32_t patience_ = patience;
};

} // namespace bulkhead::driver
