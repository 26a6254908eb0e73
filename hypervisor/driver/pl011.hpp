#pragma once

#include "driver/mmio.hpp"
#include "driver/uart_placement.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace bulkhead::driver {

/// A host's PL011.
class Pl011 {
public:
    static constexpr std::array<std::string_view, 1> compatible = {"arm,pl011"};

    explicit Pl011(const UartPlacement& placement) : mmio_(placement.base) {}

    void start();
    bool try_write(char character);
    std::optional<char> try_read();
    void enable_interrupts(bool room);
    /// Called with the receive FIFO empty.
    void clear_receive_interrupt();

protected:
    void mask_interrupts();

private:
    Mmio mmio_;
};

/// The generic UART of Arm's base system architecture: a PL011 that is ready as it is, and that
/// need not have the registers which set one up.
class SbsaUart : public Pl011 {
public:
    static constexpr std::array<std::string_view, 1> compatible = {"arm,sbsa-uart"};

    using Pl011::Pl011;
    void start() { mask_interrupts(); }
};

} // namespace bulkhead::driver
