// The whole of Bulkhead: from the machine's device tree to running domains. main/ and boot/ know all
// rooms; nobody else knows arm64/ and driver/.

#include "arm64/cpu_setup.hpp"
#include "arm64/layout.hpp"
#include "arm64/per_cpu.hpp"
#include "arm64/stage1.hpp"
#include "base/bits.hpp"
#include "base/log.hpp"
#include "boot/command_line.hpp"
#include "devicetree/command_lines.hpp"
#include "devicetree/host_description.hpp"
#include "driver/gic.hpp"
#include "machine/cpu.hpp"
#include "machine/memory.hpp"
#include "machine/time.hpp"
#include "main/host.hpp"
#include "memory/page_pool.hpp"

extern "C" const char image_start[], image_end[];
extern "C" [[noreturn]] void start_guests(std::uint64_t stack_top);

namespace bulkhead {
namespace {

constinit devicetree::HostDescription host;
constinit Report report;
constinit memory::PhysicalRanges free_ram;

memory::PhysicalRange image_range()
{
    const auto size = static_cast<std::uint64_t>(image_end - image_start);
    return {arm64::image_location(), align_up(size, page_size)};
}

std::uint64_t microseconds_since(std::uint64_t start)
{
    const auto per_second = machine::ticks_per_second();
    if (per_second == 0) return 0;
    return (machine::now().value() - start) * 1'000'000 / per_second;
}

} // namespace

extern "C" [[noreturn]] void bulkhead_main(std::uint64_t device_tree, std::uint64_t image,
                                           std::uint64_t entry_time)
{
    arm64::set_image_location(PhysicalAddress{image});
    arm64::start_per_cpu(CpuId{0});

    const auto tree = start::open_device_tree(PhysicalAddress{device_tree});
    const auto options =
        boot::parse_command_line(devicetree::command_lines(tree).hypervisor, report);
    log::set_threshold(options.loglvl);
    start::start_console(tree, options, report);
    log::info("Bulkhead, a partitioning hypervisor for Armv8-A; image at {}", PhysicalAddress{image});
    log::info("Latest ChangeSet: {}", BULKHEAD_REVISION);
    const auto affinity = arm64::per_cpu(CpuId{0}).affinity;
    const bool usable = devicetree::read_host(tree, affinity, host, report).has_value();
    report.print();
    if (!usable) machine::halt("the device tree does not describe a machine that can be used");

    arm64::set_up_cpu(host.interrupt_controller.version == devicetree::GicVersion::v3);
    start::start_interrupt_controller(host);
    static_cast<void>(image_range);
    static_cast<void>(free_ram);
    log::info("boot: {} us", microseconds_since(entry_time));
    machine::halt("x");
}

} // namespace bulkhead
