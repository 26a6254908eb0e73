#include "kit/gic_cpu_interface.hpp"

#include "kit/barrier.hpp"
#include "kit/system_register.hpp"

namespace bulkhead::guest::gic {
namespace {

bool is_v2() { return version() == Version::v2; }

} // namespace

std::uint8_t priority_mask()
{
    return static_cast<std::uint8_t>(is_v2() ? cpu_interface().read(Gicc::PMR)
                                             : ICC_PMR_EL1::read());
}

void set_priority_mask(std::uint8_t mask)
{
    if (is_v2()) {
        cpu_interface().write(Gicc::PMR, static_cast<std::uint32_t>(mask));
    } else {
        ICC_PMR_EL1::write(mask);
        instruction_barrier();
    }
}

std::uint8_t binary_point()
{
    return static_cast<std::uint8_t>(is_v2() ? cpu_interface().read(Gicc::BPR)
                                             : ICC_BPR1_EL1::read());
}

void set_binary_point(std::uint8_t point)
{
    if (is_v2()) {
        cpu_interface().write(Gicc::BPR, static_cast<std::uint32_t>(point));
    } else {
        ICC_BPR1_EL1::write(point);
        instruction_barrier();
    }
}

std::uint8_t running_priority()
{
    return static_cast<std::uint8_t>(is_v2() ? cpu_interface().read(Gicc::RPR)
                                             : ICC_RPR_EL1::read());
}

Acknowledged highest_pending()
{
    if (is_v2()) return {cpu_interface().read(Gicc::HPPIR)};
    return {static_cast<std::uint32_t>(ICC_HPPIR1_EL1::read())};
}

void set_signalling(bool enabled)
{
    if (is_v2()) {
        const auto others = cpu_interface().read(Gicc::CTLR) &
                            ~static_cast<std::uint32_t>(Gicc::Control::Enable::mask);
        cpu_interface().write(Gicc::CTLR, others | (enabled ? 1U : 0U));
    } else {
        ICC_IGRPEN1_EL1::write(enabled ? 1 : 0);
        instruction_barrier();
    }
}

void set_split_end(bool split)
{
    if (is_v2()) {
        using Mode = Gicc::Control::EOImodeNS;
        const auto others =
            cpu_interface().read(Gicc::CTLR) & ~static_cast<std::uint32_t>(Mode::mask);
        cpu_interface().write(Gicc::CTLR, static_cast<std::uint32_t>(others | Mode::put(split)));
    } else {
        using Mode = ICC_CTLR_EL1::EOImode;
        ICC_CTLR_EL1::write((ICC_CTLR_EL1::read() & ~Mode::mask) | Mode::put(split));
        instruction_barrier();
    }
}

bool split_end()
{
    return is_v2() ? Gicc::Control::EOImodeNS::of(cpu_interface().read(Gicc::CTLR))
                   : ICC_CTLR_EL1::EOImode::of(ICC_CTLR_EL1::read());
}

void deactivate(Acknowledged interrupt)
{
    if (is_v2()) {
        cpu_interface().write(Gicc::DIR, interrupt.raw);
    } else {
        ICC_DIR_EL1::write(interrupt.raw);
        instruction_barrier();
    }
}

} // namespace bulkhead::guest::gic
