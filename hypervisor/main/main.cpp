// The whole of Bulkhead: from the machine's device tree to running domains. main/ knows all
// rooms; of the others only driver/ knows arm64/.

#include "arm64/cpu_setup.hpp"
#include "arm64/layout.hpp"
#include "arm64/per_cpu.hpp"
#include "arm64/stage1.hpp"
#include "base/bits.hpp"
#include "base/log.hpp"
#include "base/read_only_after_boot.hpp"
#include "boot/command_line.hpp"
#include "boot/start_domains.hpp"
#include "devicetree/boot_module.hpp"
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

READ_ONLY_AFTER_BOOT constinit devicetree::HostDescription host;
READ_ONLY_AFTER_BOOT constinit Report report;
constinit memory::PhysicalRanges free_ram;
INITIALISED_READ_ONLY_AFTER_BOOT constinit boot::Options options;
INITIALISED_READ_ONLY_AFTER_BOOT constinit boot::HostResources resources{
    .description = host, .options = options, .free_ram = free_ram};

/// Whoever restarts domains sees here that nothing is lost.
INITIALISED_READ_ONLY_AFTER_BOOT constinit device::ConsoleKey memory_key{
    'm', "memory that is free, and that the hypervisor uses", [] {
        log::info("{} bytes of RAM free, {} used by the hypervisor's tables", free_ram.total(),
                  memory::page_pool().used());
    }};

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

/// All RAM that nobody has: not the firmware, not the image, not the tree, not the boot modules,
/// which stay where they are. The page pool grows from it at once, so it has to be complete here.
void find_free_ram(const devicetree::Tree& tree, memory::PhysicalRange image,
                   memory::PhysicalRange tree_memory)
{
    free_ram = host.memory.ram;
    auto done = boot::remove_static_memory(tree, free_ram);
    if (!done && done.error() == Error::invalid)
        machine::halt("/chosen: xen,static-heap has to list addresses and sizes of pages of RAM");
    const auto take = [&](memory::PhysicalRange range) {
        if (auto removed = free_ram.remove(range); !removed) done = removed;
    };
    for (const auto& range : host.memory.reserved)
        take(range);
    for (const auto& range : host.memory.header_reserved)
        take(range);
    take(image);
    take(tree_memory);
    if (!devicetree::remove_boot_modules(tree, free_ram) || !done)
        machine::halt("the RAM is in too many pieces");
    memory::page_pool().use(free_ram);
}

} // namespace

extern "C" [[noreturn]] void bulkhead_main(std::uint64_t device_tree, std::uint64_t image,
                                           std::uint64_t entry_time)
{
    arm64::set_image_location(PhysicalAddress{image});
    arm64::start_per_cpu(CpuId{0});

    const auto tree = start::open_device_tree(PhysicalAddress{device_tree});
    options = boot::parse_command_line(devicetree::command_lines(tree).hypervisor, report);
    log::set_threshold(options.loglvl);
    {
        const Guard guard{host_console.lock};
        host_console.set_stamp(options.console_timestamps);
    }
    start::start_console(tree, options, report);
    log::info("Bulkhead, a partitioning hypervisor for Armv8-A; image at {}",
              PhysicalAddress{image});
    log::info("Latest ChangeSet: {}", BULKHEAD_REVISION);
    const auto affinity = arm64::per_cpu(CpuId{0}).affinity;
    const bool usable = devicetree::read_host(tree, affinity, host, report).has_value();
    report.print();
    if (!usable) machine::halt("the device tree does not describe a machine that can be used");

    arm64::set_up_cpu(host.interrupt_controller.version == devicetree::GicVersion::v3);
    start::start_interrupt_controller(host);

    const auto image_memory = image_range();
    const memory::PhysicalRange tree_memory{PhysicalAddress{device_tree},
                                            align_up(tree.blob().size(), page_size)};
    find_free_ram(tree, image_memory, tree_memory);
    start::start_secondary_cpus(host, options);
    start::start_trace(options.trace_pages);
    log::info("{} CPUs, {} MiB of RAM free, {}", machine::cpu_count(), free_ram.total() >> 20,
              driver::gic().is_v3() ? "GICv3" : "GICv2");

    resources.spis = driver::gic().interrupts() - 32;
    resources.sve_bits = arm64::common_vector_bits();
    resources.virtual_cpu_interface = driver::gic().v2().virtual_cpu();
    const auto& console = start::console_uart();
    resources.console = console;
    const boot::Occupied occupied[] = {
        {image_memory, "Bulkhead"},
        {tree_memory, "the device tree"},
        {console ? console->registers : memory::PhysicalRange{}, "Bulkhead's console"}};
    const auto domains =
        boot::start_domains(tree, resources, occupied, start::console_input(), report);
    if (domains == 0) machine::halt("no domain was started");
    start::console_input().add_key(memory_key);
    log::info("boot: first domain after {} us; {} KiB beside the image",
              microseconds_since(entry_time), memory::page_pool().used() >> 10);
    start::start_console_input();
    arm64::end_boot_writes();
    start_guests(arm64::stack_top(CpuId{0}));
}

} // namespace bulkhead
