#pragma once

#include "kit/mmio.hpp"

namespace bulkhead::guest {

/// The Cadence UART of Zynq UltraScale+ (Technical Reference Manual UG1085, chapter 21).
class CadenceUart {
public:
    CadenceUart() = default;
    explicit CadenceUart(RegisterBlock registers);

    [[nodiscard]] bool can_send() const;
    void send(char character) const;
    [[nodiscard]] bool has_received() const;
    [[nodiscard]] char receive() const;
    void enable_receive_interrupt() const;
    void acknowledge_receive_interrupt() const;

private:
    RegisterBlock registers_;
};

} // namespace bulkhead::guest
