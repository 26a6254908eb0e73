#include "boot/domain_builder.hpp"
#include "boot/domain_placement.hpp"
#include "machine/captured_console.hpp"
#include "machine/memory.hpp"
#include "machine/physical_memory.hpp"
#include "machine/test_machine.hpp"
#include "sched/run_loop.hpp"
#include "unit/device_tree_source.hpp"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace bulkhead::boot {
namespace {

using namespace literals;
using domain::ShutdownReason;
using test::machine;

/// A host with one domain of two vCPUs, which stays for the whole process, as it does on a machine:
/// CPUs are given away for good.
struct Host {
    static Host& instance()
    {
        static auto& host = *new Host;
        return host;
    }

    Host() : kernel(page_size, std::byte{0x5a})
    {
        test::new_machine(2);
        const std::uint64_t size = page_size;
        const std::uint32_t magic = 0x644d'5241;
        std::memset(kernel.data(), 0, 64);
        std::memcpy(kernel.data() + 16, &size, sizeof size);
        std::memcpy(kernel.data() + 56, &magic, sizeof magic);
        EXPECT_TRUE(free.add(ram.range()));
        memory::page_pool().use(free);
        description.interrupt_controller.version = devicetree::GicVersion::v3;
        description.timer.physical = Intid{30};
        description.timer.virtual_ = Intid{27};

        const auto address = reinterpret_cast<std::uintptr_t>(kernel.data());
        const auto reg = "<" + std::to_string(address >> 32) + " " +
                         std::to_string(address & 0xffff'ffff) + " 0 4096>";
        tree.emplace("/ { chosen { #address-cells = <2>; #size-cells = <2>; d { compatible = "
                     "\"xen,domain\"; memory = <0 0x1000>; cpus = <2>; vpl011; k { compatible = "
                     "\"multiboot,kernel\", \"multiboot,module\"; reg = " +
                     reg +
                     "; }; s { compatible = \"xen,domain-shared-memory-v1\"; xen,shm-id = \"s\"; "
                     "xen,shared-mem = <0 0x70000000 0 0x1000>; }; }; }; };");
        Report report;
        read_domains(tree->tree(), {.cpus = 2, .vcpus = 8}, domains, report);
        place_vcpus(domains, 0, 0b11, report);
        read_shared_memory(domains, free, shared, report);
        EXPECT_EQ(report.text(), "");
        resources.shared = shared;
        ram.fill(std::byte{0x77});
        clear_shared_memory(shared);
        build.emplace(domains[0], resources);
        EXPECT_TRUE(build->create(resources));
        build->start();
    }

    test::PhysicalMemory ram{64_MiB};
    std::vector<std::byte> kernel;
    memory::PhysicalRanges free;
    devicetree::HostDescription description;
    Options options;
    HostResources resources{.description = description, .options = options, .free_ram = free};
    std::optional<test::CompiledTree> tree;
    DomainDescriptions domains;
    SharedMemories shared;
    std::optional<DomainBuild> build;
};

/// What the guest's RAM holds at its start, unseen by EL2.
std::vector<std::byte> guest_memory(Host& host, std::uint64_t offset, std::uint64_t size)
{
    const auto at = host.build->domain().memory().translate(GuestAddress{0x4000'0000 + offset});
    host.ram.map(at->address, size, false);
    const auto* start = machine::pointer_to(at->address);
    std::vector<std::byte> copy{start, start + size};
    host.ram.unmap(at->address, size);
    return copy;
}

void scribble(Host& host, std::uint64_t offset, std::uint64_t size)
{
    const auto at = host.build->domain().memory().translate(GuestAddress{0x4000'0000 + offset});
    host.ram.map(at->address, size, true);
    std::memset(machine::pointer_to(at->address), 0xee, size);
    host.ram.unmap(at->address, size);
}

/// True if the CPU has something to run then.
bool run_on(std::uint32_t cpu)
{
    static machine::GuestRegisters registers;
    machine().run_on(CpuId{cpu});
    try {
        sched::run(registers);
        return true;
    } catch (const test::Halted&) {
        return false; // it sleeps
    }
}

TEST(DomainRestart, a_reset_builds_the_domain_anew_when_all_its_vcpus_are_off_their_cpus)
{
    auto& host = Host::instance();
    auto& domain = host.build->domain();
    ASSERT_TRUE(run_on(0));
    EXPECT_EQ(machine().cpu().guest.pc, 0x4000'0000U);
    const auto entered_with = machine().cpu().guest;
    const auto fresh = guest_memory(host, 0, 2 * page_size);
    const auto used = memory::page_pool().used();
    const auto free = host.free.total();
    const auto mapped = host.ram.mapped_pages();

    // The guest starts its other vCPU, changes all that it can reach, and leaves a line open.
    EXPECT_EQ(domain.power_on(VcpuId{1}, GuestAddress{0x4000'0000}, 7),
              domain::Domain::PowerOn::done);
    ASSERT_TRUE(run_on(1));
    machine().run_on(CpuId{0});
    domain.vgic().write_distributor(VcpuId{0}, 0, 4, 3);
    domain.vgic().write_redistributor(VcpuId{0}, VcpuId{0}, 0x1'0100, 4, 1U << 27);
    domain.vpl011()->write(0x38, 2, 0x50);
    domain.vpl011()->write(0, 1, 'x');
    machine().set_physical_line(Intid{27}, true);
    EXPECT_EQ(machine().take_physical(), Intid{27});
    domain.vgic().physical_arrived(VcpuId{0}, Intid{27});
    machine().set_physical_line(Intid{27}, false);
    scribble(host, 0, 2 * page_size);
    machine().now += 5000;

    (void)test::take_console_output();
    domain.shut_down(ShutdownReason::reset);
    EXPECT_FALSE(run_on(0)) << "the other vCPU is still on its CPU";
    EXPECT_TRUE(domain.is_stopped());
    EXPECT_FALSE(run_on(1));
    EXPECT_TRUE(domain.is_stopped()) << "it is built anew by the CPU of vCPU 0";
    ASSERT_TRUE(run_on(0));
    EXPECT_FALSE(domain.is_stopped());
    EXPECT_FALSE(domain.is_on(VcpuId{1}));
    EXPECT_EQ(test::take_console_output(),
              "(XEN) DOM1: x\r\n(XEN) domain 1 (d) asked for a reset: restart 1\r\n");

    const auto& guest = machine().cpu().guest;
    EXPECT_EQ(guest.pc, entered_with.pc);
    EXPECT_EQ(guest.general.x[0], entered_with.general.x[0]);
    EXPECT_EQ(guest.cntvoff_el2, entered_with.cntvoff_el2 + 5000) << "its counter starts at 0";
    EXPECT_EQ(guest_memory(host, 0, 2 * page_size), fresh);
    EXPECT_EQ(domain.vgic().read_distributor(VcpuId{0}, 0, 4).value & 3, 0U);
    EXPECT_EQ(domain.vgic().read_redistributor(VcpuId{0}, VcpuId{0}, 0x1'0100, 4).value, 0xffffU);
    EXPECT_EQ(domain.vpl011()->read(0x38, 2), 0U);
    EXPECT_FALSE(machine().physical(Intid{27}).active);
    EXPECT_FALSE(machine().physical(Intid{27}).enabled);
    EXPECT_EQ(memory::page_pool().used(), used);
    EXPECT_EQ(host.free.total(), free);
    EXPECT_EQ(host.ram.mapped_pages(), mapped);
}

TEST(DomainRestart, shared_memory_is_cleared_at_boot_and_by_no_restart)
{
    auto& host = Host::instance();
    constexpr std::uint64_t shared = 0x3000'0000;
    static_cast<void>(run_on(0));
    EXPECT_EQ(guest_memory(host, shared, page_size), std::vector<std::byte>(page_size));
    scribble(host, shared, page_size);
    scribble(host, 1_MiB, page_size);
    host.build->domain().shut_down(ShutdownReason::reset);
    ASSERT_TRUE(run_on(0));
    EXPECT_EQ(guest_memory(host, shared, page_size),
              std::vector<std::byte>(page_size, std::byte{0xee}));
    EXPECT_EQ(guest_memory(host, 1_MiB, page_size), std::vector<std::byte>(page_size));
}

TEST(DomainRestart, a_thousand_restarts_take_no_memory_and_flood_no_console)
{
    auto& host = Host::instance();
    auto& domain = host.build->domain();
    static_cast<void>(run_on(0));
    const auto used = memory::page_pool().used();
    (void)test::take_console_output();
    for (unsigned i = 0; i < 1000; ++i) {
        domain.shut_down(ShutdownReason::reset);
        ASSERT_TRUE(run_on(0));
    }
    const auto said = test::take_console_output();
    EXPECT_LE(std::ranges::count(said, '\n'), 10) << said;
    EXPECT_EQ(memory::page_pool().used(), used);
}

TEST(DomainRestart, a_domain_that_crashed_stays_down_and_the_machine_goes_off_with_the_last)
{
    auto& host = Host::instance();
    auto& domain = host.build->domain();
    static_cast<void>(run_on(0));
    (void)test::take_console_output();
    domain.shut_down(ShutdownReason::crash, ": because");
    EXPECT_FALSE(run_on(0));
    EXPECT_TRUE(domain.is_stopped());
    EXPECT_TRUE(test::take_console_output().starts_with(
        "(XEN) domain 1 (d) crashed: because: stopped\r\n"));
    EXPECT_TRUE(machine().powered_off);
}

} // namespace
} // namespace bulkhead::boot
