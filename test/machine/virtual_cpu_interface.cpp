#include "machine/virtual_cpu_interface.hpp"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace bulkhead::test {
namespace {

using Lr = machine::ListRegister;
using State = Lr::State;
constexpr unsigned idle_priority = 0x100;

bool is_pending(Lr lr) { return lr.get(Lr::state) == State::pending; }
bool is_active(Lr lr)
{
    return lr.get(Lr::state) == State::active || lr.get(Lr::state) == State::pending_active;
}
bool is_valid(Lr lr) { return lr.get(Lr::state) != State::invalid; }
/// GICv2 senders matter for SGIs only, and are 0 elsewhere.
std::uint32_t iar_of(Lr lr)
{
    const bool sgi = lr.get(Lr::vintid).value() < 16 && !lr.get(Lr::hardware);
    return lr.get(Lr::vintid).value() | (sgi ? std::uint32_t{lr.get(Lr::source)} << 10 : 0);
}

} // namespace

unsigned VirtualCpuInterface::running_priority() const
{
    const auto any = active_priorities_[0] | active_priorities_[1];
    for (unsigned priority = 0; priority < any.size(); ++priority)
        if (any[priority]) return priority;
    return idle_priority;
}

int VirtualCpuInterface::most_urgent() const
{
    int best = -1;
    for (unsigned n = 0; n < list_registers; ++n) {
        const auto lr = registers_[n];
        if (!is_pending(lr) || !group_enabled[lr.get(Lr::group1) ? 1 : 0]) continue;
        if (best < 0 ||
            lr.get(Lr::priority) < registers_[static_cast<unsigned>(best)].get(Lr::priority))
            best = static_cast<int>(n);
    }
    if (best < 0) return -1;
    const auto priority = registers_[static_cast<unsigned>(best)].get(Lr::priority);
    return priority < priority_mask && priority < running_priority() ? best : -1;
}

std::uint32_t VirtualCpuInterface::highest_pending() const
{
    const auto n = most_urgent();
    return n < 0 ? spurious : iar_of(registers_[static_cast<unsigned>(n)]);
}

std::uint32_t VirtualCpuInterface::acknowledge()
{
    const auto n = most_urgent();
    if (n < 0) return spurious;
    auto& lr = registers_[static_cast<unsigned>(n)];
    active_priorities_[lr.get(Lr::group1) ? 1 : 0].set(lr.get(Lr::priority));
    lr = lr.with(Lr::state, State::active);
    return iar_of(lr);
}

machine::ListRegister* VirtualCpuInterface::find_active(std::uint32_t iar)
{
    const auto found =
        std::ranges::find_if(registers_, [&](Lr lr) { return is_active(lr) && iar_of(lr) == iar; });
    return found == registers_.end() ? nullptr : &*found;
}

void VirtualCpuInterface::end_state(Lr& lr) const
{
    if (lr.get(Lr::hardware)) deactivate_physical(lr.get(Lr::pintid));
    lr = lr.with(Lr::state,
                 lr.get(Lr::state) == State::pending_active ? State::pending : State::invalid);
}

void VirtualCpuInterface::end_of_interrupt(std::uint32_t iar)
{
    const auto running = running_priority();
    if (running == idle_priority) return;
    active_priorities_[active_priorities_[0][running] ? 0 : 1].reset(running);
    if (eoi_mode) return;
    if (auto* lr = find_active(iar))
        end_state(*lr);
    else
        ++end_of_interrupt_count_;
}

bool VirtualCpuInterface::deactivate(std::uint32_t iar)
{
    if (!eoi_mode) return true;
    if (requested_.trap_deactivation) return false;
    if (auto* lr = find_active(iar))
        end_state(*lr);
    else
        ++end_of_interrupt_count_;
    return true;
}

bool VirtualCpuInterface::needs_maintenance() const
{
    const auto in_use = std::span{registers_}.first(list_registers);
    const bool end_seen = std::ranges::any_of(
        in_use, [](Lr lr) { return !is_valid(lr) && !lr.get(Lr::hardware) && lr.get(Lr::eoi); });
    return end_seen || (requested_.underflow && std::ranges::count_if(in_use, is_valid) <= 1) ||
           (requested_.no_pending && std::ranges::none_of(in_use, is_pending)) ||
           (requested_.entry_not_present && end_of_interrupt_count_ != 0) ||
           (requested_.group_change && groups_when_requested_ != group_enabled);
}

void VirtualCpuInterface::write(unsigned index, Lr value)
{
    const auto complain = [&](const std::string& what) {
        throw std::logic_error("list register " + std::to_string(index) + " with interrupt " +
                               std::to_string(value.get(Lr::vintid).value()) + ": " + what);
    };
    if (index >= list_registers) complain("does not exist");
    if (is_valid(value)) {
        for (unsigned n = 0; n < list_registers; ++n)
            if (n != index && is_valid(registers_[n]) && iar_of(registers_[n]) == iar_of(value))
                complain("list register " + std::to_string(n) + " has it already");
        if (value.get(Lr::hardware) && value.get(Lr::state) == State::pending_active)
            complain("hardware-linked, pending and active");
        if (value.get(Lr::hardware) && is_physical_active &&
            !is_physical_active(value.get(Lr::pintid)))
            complain("its physical interrupt is not active");
    }
    registers_[index] = value;
}

std::uint32_t VirtualCpuInterface::empty() const
{
    std::uint32_t mask = 0;
    for (unsigned n = 0; n < list_registers; ++n) {
        const bool end_wanted = registers_[n].get(Lr::eoi) && !registers_[n].get(Lr::hardware);
        if (!is_valid(registers_[n]) && !end_wanted) mask |= 1U << n;
    }
    return mask;
}

void VirtualCpuInterface::request(machine::Maintenance causes)
{
    requested_ = causes;
    groups_when_requested_ = group_enabled;
}

unsigned VirtualCpuInterface::take_end_of_interrupt_count()
{
    return std::exchange(end_of_interrupt_count_, 0U);
}

} // namespace bulkhead::test
