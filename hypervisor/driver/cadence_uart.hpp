#pragma once

#include "driver/mmio.hpp"
#include "driver/uart_placement.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace bulkhead::driver {

/// The Cadence UART of Zynq and Zynq UltraScale+ (UG1085, chapter 21; registers in UG1087).
class CadenceUart {
public:
    static constexpr std::array<std::string_view, 4> compatible = {
        "xlnx,zynqmp-uart", "cdns,uart-r1p12", "cdns,uart-r1p8", "xlnx,xuartps"};

    explicit CadenceUart(const UartPlacement& placement) : mmio_(placement.base) {}

    void start();
    bool try_write(char character);
    std::optional<char> try_read();
    void enable_interrupts(bool room);
    /// Called with the receive FIFO empty.
    void clear_receive_interrupt();

private:
    Mmio mmio_;
};

} // namespace bulkhead::driver
