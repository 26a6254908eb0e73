#pragma once

#include "driver/mmio.hpp"
#include "driver/uart_placement.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace bulkhead::driver {

/// The 16550 and its descendants (National Semiconductor PC16550D; Synopsys DW_apb_uart).
class Ns16550 {
public:
    static constexpr std::array<std::string_view, 4> compatible = {"ns16550a", "ns16550", "ns16450",
                                                                   "snps,dw-apb-uart"};

    explicit Ns16550(const UartPlacement& placement) : placement_(placement), mmio_(placement.base)
    {
    }

    void start();
    bool try_write(char character);
    std::optional<char> try_read();
    void enable_interrupts(bool room);
    /// Called with the receive FIFO empty.
    void clear_receive_interrupt();

private:
    template <typename R>
    [[nodiscard]] R read() const;
    template <typename R>
    void write(R value) const;

    UartPlacement placement_;
    Mmio mmio_;
    /// Of the transmit FIFO: all, and what is free for certain.
    unsigned depth_ = 1;
    unsigned room_ = 0;
};

} // namespace bulkhead::driver
