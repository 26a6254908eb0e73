#pragma once

#include "domain/domain.hpp"
#include "machine/captured_console.hpp"
#include "machine/physical_memory.hpp"
#include "machine/test_machine.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace bulkhead::test {

inline void require(bool condition)
{
    if (!condition) __builtin_trap();
}

/// A domain whose two vCPUs are on two processors, for a fuzzer to play its guest.
class GuestDomain {
public:
    static constexpr unsigned vcpus = 2;
    static constexpr unsigned spis = 64;

    GuestDomain(device::GicVersion version, unsigned list_registers)
        : machine_(new_machine(vcpus, list_registers)),
          vgic_memory_(device::Vgic::memory_needed(vgic(version)) + cache_line),
          domain_({.id = DomainId{1},
                   .name = "fuzzed",
                   .vgic = vgic(version),
                   .places = version == device::GicVersion::v2 ? device::guest_layout::gicv2_places
                                                               : device::guest_layout::gicv3_places,
                   .has_vpl011 = true,
                   .timer_interrupts = {Intid{27}, Intid{30}},
                   .watchdog_ms = 1000},
                  map(), aligned(), vcpus_, events_.get())
    {
        for (const unsigned n : {40U, 50U, 60U})
            domain_.vgic().link_shared(Intid{n}, Intid{n});
        for (unsigned n = vcpus; n-- != 0;) {
            run(n);
            vcpus_[n].placed_on = CpuId{n};
            vcpus_[n].loaded_on = CpuId{n};
            vcpus_[n].state = sched::Unit::State::runnable;
            machine_.cpu().running = &vcpus_[n];
            domain_.vgic().load(VcpuId{n});
        }
    }

    void run(unsigned vcpu) { machine_.run_on(CpuId{vcpu}); }
    VirtualCpuInterface& interface() { return machine_.cpu().interface; }
    domain::Domain& domain() { return domain_; }
    domain::Vcpu& vcpu() { return vcpus_[machine_.current().value()]; }
    TestMachine& machine() { return machine_; }

private:
    static device::VgicConfiguration vgic(device::GicVersion version)
    {
        return {.version = version, .vcpus = vcpus, .spis = spis};
    }
    /// One for all runs: tables are never given back.
    static memory::Stage2Map map()
    {
        constexpr std::size_t guest_size = std::size_t{2} << 20;
        static PhysicalMemory ram{std::size_t{4} << 20};
        static PhysicalMemory guest_ram{guest_size};
        static memory::PhysicalRanges free;
        static const auto made = [] {
            require(free.add(ram.range()).has_value());
            memory::page_pool().use(free);
            auto map = memory::Stage2Map::create(memory::page_pool(), 1);
            const auto guest = guest_ram.range();
            require(map && map->map(GuestAddress{0x4000'0000}, guest.start, guest_size,
                                    memory::Stage2Access::ram));
            return *map;
        }();
        return made;
    }
    std::span<std::byte> aligned()
    {
        const auto address = reinterpret_cast<std::uintptr_t>(vgic_memory_.data());
        return std::span{vgic_memory_}.subspan(align_up(address, cache_line) - address);
    }

    TestMachine& machine_;
    std::vector<std::byte> vgic_memory_;
    std::array<domain::Vcpu, vcpus> vcpus_;
    std::unique_ptr<event::EventChannels::Storage> events_ =
        std::make_unique<event::EventChannels::Storage>();
    domain::Domain domain_;
};

/// Takes a T from the front; false when too little is left.
template <typename T>
bool take(std::span<const std::uint8_t>& input, T& value)
{
    if (input.size() < sizeof(T)) return false;
    std::memcpy(&value, input.data(), sizeof(T));
    input = input.subspan(sizeof(T));
    return true;
}

/// A guest under GICv3 that takes the input's steps, one after the other.
template <typename Step>
void play(std::span<const std::uint8_t> input, void (*step)(GuestDomain& guest, const Step& next))
{
    GuestDomain guest{device::GicVersion::v3, 4};
    Step next{};
    while (take(input, next))
        step(guest, next);
    (void)take_console_output();
}

} // namespace bulkhead::test
