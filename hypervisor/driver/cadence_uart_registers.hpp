#pragma once

#include "base/register.hpp"

#include <cstdint>

/// The registers of the Cadence UART that a console needs, with the names of UG1087.
namespace bulkhead::driver::cadence {

struct Control : Register<Control, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x00;
    static constexpr Field<0, 0, bool> rxres{}; // reset the receive path; reads 1 until done
    static constexpr Field<1, 1, bool> txres{};
    static constexpr Field<2, 2, bool> rxen{};
    static constexpr Field<3, 3, bool> rxdis{};
    static constexpr Field<4, 4, bool> txen{};
    static constexpr Field<5, 5, bool> txdis{};
    static constexpr Field<6, 6, bool> rstto{}; // restart the receive timeout
    static constexpr Field<7, 7, bool> sttbrk{};
    static constexpr Field<8, 8, bool> stpbrk{};
};

struct Mode : Register<Mode, std::uint32_t> {
    enum class CharacterLength : std::uint8_t { eight = 0, seven = 2, six = 3 };
    enum class Parity : std::uint8_t { even = 0, odd = 1, space = 2, mark = 3, none = 4 };
    enum class StopBits : std::uint8_t { one = 0, one_and_a_half = 1, two = 2 };

    static constexpr std::uint32_t offset = 0x04;
    static constexpr Field<0, 0, bool> clks{};
    static constexpr Field<2, 1, CharacterLength> chrl{};
    static constexpr Field<5, 3, Parity> par{};
    static constexpr Field<7, 6, StopBits> nbstop{};
    static constexpr Field<9, 8, std::uint8_t> chmode{};
};

/// Interrupts, as bits of Intrpt_en, Intrpt_dis, Intrpt_mask and Chnl_int_sts.
struct Interrupts : Register<Interrupts, std::uint32_t> {
    static constexpr Field<0, 0, bool> rtrig{}; // the receive FIFO reached its trigger level
    static constexpr Field<1, 1, bool> rempty{};
    static constexpr Field<2, 2, bool> rful{};
    static constexpr Field<3, 3, bool> tempty{};
    static constexpr Field<4, 4, bool> tful{};
    static constexpr Field<5, 5, bool> rovr{};
    static constexpr Field<6, 6, bool> frame{};
    static constexpr Field<7, 7, bool> pare{};
    static constexpr Field<8, 8, bool> timeout{};
    static constexpr Field<9, 9, bool> dmsi{};
    static constexpr Field<10, 10, bool> ttrig{};
    static constexpr Field<11, 11, bool> tnful{};
    static constexpr Field<12, 12, bool> tovr{};
    static constexpr Field<13, 13, bool> rbrk{};
    static constexpr std::uint32_t all = 0x3fff;
};
inline constexpr std::uint32_t interrupt_enable_offset = 0x08;  // Intrpt_en: 1 enables
inline constexpr std::uint32_t interrupt_disable_offset = 0x0c; // Intrpt_dis: 1 disables
inline constexpr std::uint32_t interrupt_status_offset = 0x14;  // Chnl_int_sts: 1 clears

/// Rcvr_FIFO_trigger_level: how many characters raise rtrig, of 64; 0 is never.
struct ReceiveTrigger : Register<ReceiveTrigger, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x20;
    static constexpr Field<5, 0, std::uint8_t> rtrig{};
};

/// Channel_sts.
struct Status : Register<Status, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x2c;
    static constexpr Field<0, 0, bool> rtrig{};
    static constexpr Field<1, 1, bool> rempty{};
    static constexpr Field<2, 2, bool> rful{};
    static constexpr Field<3, 3, bool> tempty{};
    static constexpr Field<4, 4, bool> tful{};
    static constexpr Field<10, 10, bool> ractive{};
    static constexpr Field<11, 11, bool> tactive{};
    static constexpr Field<12, 12, bool> fdelt{};
    static constexpr Field<13, 13, bool> ttrig{};
    static constexpr Field<14, 14, bool> tnful{};
};

/// TX_RX_FIFO: a write transmits, a read takes what was received.
struct Fifo : Register<Fifo, std::uint32_t> {
    static constexpr std::uint32_t offset = 0x30;
    static constexpr Field<7, 0, std::uint8_t> fifo{};
};

} // namespace bulkhead::driver::cadence
