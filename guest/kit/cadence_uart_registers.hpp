#pragma once

#include "kit/field.hpp"
#include "kit/mmio.hpp"

namespace bulkhead::guest {

/// Registers of the Cadence UART, as Zynq UltraScale+ names them (UG1087, "UART module").
struct CadenceUartRegisters {
    static constexpr At<std::uint32_t> Control{0x00};
    static constexpr At<std::uint32_t> Intrpt_en{0x08};
    static constexpr At<std::uint32_t> Intrpt_dis{0x0c};
    static constexpr At<std::uint32_t> Chnl_int_sts{0x14};
    static constexpr At<std::uint32_t> Rcvr_FIFO_trigger_level{0x20};
    static constexpr At<std::uint32_t> Channel_sts{0x2c};
    static constexpr At<std::uint32_t> TX_RX_FIFO{0x30};

    struct ControlFields {
        using RXRES = Bit<0>;
        using TXRES = Bit<1>;
        using RXEN = Bit<2>;
        using TXEN = Bit<4>;
    };
    struct Status {
        using REMPTY = Bit<1>;
        using TFUL = Bit<4>;
    };
    struct Interrupts {
        using RTRIG = Bit<0>;
        static constexpr std::uint32_t all = 0x1fff;
    };
};

} // namespace bulkhead::guest
