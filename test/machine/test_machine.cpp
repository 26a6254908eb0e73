#include "machine/test_machine.hpp"

namespace bulkhead::test {
namespace {

std::unique_ptr<TestMachine> present;

} // namespace

TestMachine::TestMachine(std::uint32_t cpus, unsigned list_registers)
{
    for (std::uint32_t n = 0; n < cpus; ++n) {
        auto& processor = processors_.emplace_back();
        processor.running = &processor.idle;
        processor.interface.list_registers = list_registers;
        processor.interface.deactivate_physical = [this, n](Intid intid) {
            physical(intid, CpuId{n}).active = false;
        };
        processor.interface.is_physical_active = [this, n](Intid intid) {
            return physical(intid, CpuId{n}).active;
        };
    }
}

PhysicalInterrupt& TestMachine::physical(Intid intid, CpuId of)
{
    if (intid.value() < 32) return cpu(of).private_interrupts.at(intid.value());
    return shared_.at(intid.value());
}

std::optional<Intid> TestMachine::first_signalled(CpuId of)
{
    for (const auto n : in_use_) {
        const auto& interrupt = physical(Intid{n}, of);
        if (interrupt.is_signalled() && (n < 32 || interrupt.route == of)) return Intid{n};
    }
    return std::nullopt;
}

std::optional<Intid> TestMachine::take_physical()
{
    const auto found = first_signalled(current_);
    if (found) {
        physical(*found).active = true;
        physical(*found).edge_seen = false;
    }
    return found;
}

bool TestMachine::is_signalled(CpuId of)
{
    return cpu(of).kicked || cpu(of).is_alarmed(now) || cpu(of).interface.needs_maintenance() ||
           first_signalled(of);
}

TestMachine& machine()
{
    if (!present) new_machine();
    return *present;
}

TestMachine& new_machine(std::uint32_t cpus, unsigned list_registers)
{
    present = std::make_unique<TestMachine>(cpus, list_registers);
    return *present;
}

} // namespace bulkhead::test
