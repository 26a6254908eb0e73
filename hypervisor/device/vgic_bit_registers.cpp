#include "device/vgic.hpp"

/// Registers with one bit per interrupt, which guests use while they run: the short way to what
/// vgic_interrupt_registers.cpp does about them.
namespace bulkhead::device {

/// The bank that a register's offset names, if it is there.
Bank* Vgic::visible_bank(Target target, unsigned index)
{
    const bool is_private = target.of != nobody;
    if (index == 0) return is_private ? &delivery_.cpu(target.of).own : nullptr;
    const auto banks = delivery_.spi_banks();
    const bool is_here = index <= banks.size() && (is_v2() || !is_private);
    return is_here ? &banks[index - 1] : nullptr;
}

Read Vgic::read_bits(Target target, std::uint64_t offset)
{
    const Guard guard{lock_};
    auto* bank = visible_bank(target, gic::bank_index(offset));
    if (bank == nullptr) return {};
    switch (gic::group_at(offset)) {
    case gic::igroupr: return {.value = bank->group1};
    case gic::isenabler:
    case gic::icenabler: return {.value = bank->enabled};
    default: return read_state(*bank, target.by, gic::group_at(offset));
    }
}

Access Vgic::write_bits(Target target, std::uint64_t offset, std::uint64_t value)
{
    const Guard guard{lock_};
    auto* bank = visible_bank(target, gic::bank_index(offset));
    if (bank == nullptr) return Access::done;
    const auto group = gic::group_at(offset);
    auto bits = static_cast<std::uint32_t>(value) & bank->existing();
    if (group == gic::isenabler || group == gic::icenabler) {
        // What is as it is to be, is disabled, or nothing comes of as yet: no more than a bit.
        const auto changed = bits & (group == gic::isenabler ? ~bank->enabled : bank->enabled);
        if ((changed & bank->engaged()) == 0) {
            bank->enabled ^= changed;
            return Access::done;
        }
    }
    if (group == gic::igroupr) bits ^= bank->group1 & bank->existing();
    if ((bank->lent & bits) != 0 && !reclaim(*bank, bits, target.by)) return Access::retry;
    // Another vCPU's timer may be pending or active without memory's knowing.
    if (group >= gic::ispendr && bank->index == 0 && target.of != target.by &&
        (bits & delivery_.cpu(target.of).timer_mask) != 0 && !delivery_.is_known(*bank, target.by))
        return Access::retry;
    write_bank(*bank, target.by, group, bits);
    return Access::done;
}

} // namespace bulkhead::device
