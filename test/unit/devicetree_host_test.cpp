#include "devicetree/boot_module.hpp"
#include "devicetree/command_lines.hpp"
#include "devicetree/console_uart.hpp"
#include "devicetree/host_description.hpp"
#include "unit/device_tree_source.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace bulkhead::devicetree {
namespace {

using memory::PhysicalRange;
using test::CompiledTree;

constexpr PhysicalRange range(std::uint64_t start, std::uint64_t size)
{
    return {.start = PhysicalAddress{start}, .size = size};
}

/// Reads one of the trees of test/data.
struct Host {
    explicit Host(std::string_view file, std::uint64_t boot_affinity = 0)
        : compiled(CompiledTree::from_file(file)),
          result(read_host(compiled.tree(), boot_affinity, *description, report))
    {
    }

    CompiledTree compiled;
    std::unique_ptr<HostDescription> description = std::make_unique<HostDescription>();
    Report report;
    Result<void> result;
};

std::string text_of(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool says(const Report& report, std::string_view what)
{
    return report.text().find(what) != std::string_view::npos;
}

TEST(HostDescription, qemus_virt_with_gicv3_is_read)
{
    const Host host{"qemu-virt-gicv3.dts"};
    ASSERT_TRUE(host.result) << host.report.text();
    EXPECT_EQ(host.report.text(), "");
    const auto& [memory, processors, psci, gic, timer, pmu] = *host.description;
    ASSERT_EQ(memory.ram.all().size(), 1U);
    EXPECT_EQ(memory.ram.all()[0], range(0x4000'0000, 0x8000'0000));
    EXPECT_EQ(processors.all.size(), 4U);
    EXPECT_EQ(processors.all[3].affinity, 3U);
    EXPECT_EQ(processors.all[3].enable_method, EnableMethod::psci);
    EXPECT_EQ(text_of(processors.compatible), (std::string{"arm,cortex-a53\0", 15}));
    ASSERT_TRUE(psci);
    EXPECT_FALSE(psci->by_hvc);
    EXPECT_TRUE(psci->is_standard);
    EXPECT_EQ(psci->cpu_on, 0xc400'0003U);
    EXPECT_EQ(gic.version, GicVersion::v3);
    EXPECT_EQ(gic.distributor, range(0x800'0000, 0x1'0000));
    ASSERT_EQ(gic.redistributors.size(), 1U);
    EXPECT_EQ(gic.redistributors[0], range(0x80a'0000, 0xf6'0000));
    EXPECT_EQ(gic.redistributor_stride, 0U);
    EXPECT_EQ(gic.maintenance, Intid{25});
    EXPECT_EQ(timer.secure_physical, Intid{29});
    EXPECT_EQ(timer.physical, Intid{30});
    EXPECT_EQ(timer.virtual_, Intid{27});
    EXPECT_EQ(timer.hypervisor, Intid{26});
    EXPECT_EQ(timer.clock_frequency, 0U);
    EXPECT_EQ(pmu, Intid{23});
}

TEST(HostDescription, qemus_virt_with_gicv2_is_read)
{
    const Host host{"qemu-virt-gicv2.dts"};
    ASSERT_TRUE(host.result) << host.report.text();
    const auto& gic = host.description->interrupt_controller;
    EXPECT_EQ(gic.version, GicVersion::v2);
    EXPECT_EQ(gic.distributor, range(0x800'0000, 0x1'0000));
    EXPECT_EQ(gic.cpu_interface, range(0x801'0000, 0x1'0000));
    EXPECT_EQ(gic.virtual_control, range(0x803'0000, 0x1'0000));
    EXPECT_EQ(gic.virtual_cpu_interface, range(0x804'0000, 0x1'0000));
}

TEST(HostDescription, the_zcu102_is_read)
{
    const Host host{"zcu102.dts"};
    ASSERT_TRUE(host.result) << host.report.text();
    EXPECT_EQ(host.report.text(), "");
    const auto& ram = host.description->memory.ram;
    ASSERT_EQ(ram.all().size(), 2U);
    EXPECT_EQ(ram.all()[0], range(0, 0x8000'0000));
    EXPECT_EQ(ram.all()[1], range(0x8'0000'0000, 0x8000'0000));
    EXPECT_EQ(host.description->processors.all.size(), 4U);
    const auto& gic = host.description->interrupt_controller;
    EXPECT_EQ(gic.version, GicVersion::v2);
    EXPECT_EQ(gic.distributor, range(0xf901'0000, 0x1'0000));
    EXPECT_EQ(gic.cpu_interface, range(0xf902'0000, 0x2'0000));
    EXPECT_EQ(gic.maintenance, Intid{25});
    EXPECT_EQ(host.description->timer.hypervisor, Intid{26});
}

TEST(HostDescription, a_tree_of_nothing_is_reported_in_full)
{
    const CompiledTree compiled{"/ { };"};
    HostDescription host;
    Report report;
    EXPECT_FALSE(read_host(compiled.tree(), 0, host, report));
    EXPECT_TRUE(says(report, "/memory: the tree describes no RAM"));
    EXPECT_TRUE(says(report, "/cpus: the tree describes no CPUs"));
    EXPECT_TRUE(says(report, "no enabled interrupt controller"));
    EXPECT_TRUE(says(report, "no enabled timer"));
    EXPECT_FALSE(host.psci);
}

TEST(MemoryMap, banks_come_sorted_and_joined_and_empty_or_disabled_ones_not_at_all)
{
    const CompiledTree compiled{R"(/ { #address-cells = <1>; #size-cells = <1>;
        memory@80000000 { device_type = "memory"; reg = <0x80000000 0x1000 0x40000000 0x1000>; };
        memory@1000 { device_type = "memory"; reg = <0x81000 0x1000 0x80000 0x1000 0x5000 0>; };
        memory@f0000000 { device_type = "memory"; reg = <0xf0000000 0x1000>; status = "disabled"; };
        memory-controller@0 { device_type = "memory"; reg = <0 0x1000>; };
        soc { memory@0 { device_type = "memory"; reg = <0 0x1000>; }; };
        memory { reg = <0 0x1000>; }; };)"};
    MemoryMap map;
    Report report;
    ASSERT_TRUE(read_memory_map(compiled.tree(), map, report)) << report.text();
    ASSERT_EQ(map.ram.all().size(), 3U);
    EXPECT_EQ(map.ram.all()[0], range(0x8'0000, 0x2000));
    EXPECT_EQ(map.ram.all()[1], range(0x4000'0000, 0x1000));
    EXPECT_EQ(map.ram.all()[2], range(0x8000'0000, 0x1000));
}

TEST(MemoryMap, both_kinds_of_reservations_are_noted)
{
    const CompiledTree compiled{R"(/memreserve/ 0x1000 0x2000; / {
        #address-cells = <2>; #size-cells = <2>;
        memory { device_type = "memory"; reg = <0 0x40000000 0 0x1000000>; };
        reserved-memory { ranges;
            firmware@40000000 { reg = <0 0x40000000 0 0x10000>, <0 0x40100000 0 0x1000>; no-map; };
            pool { size = <0 0x100000>; };
        }; };)"};
    MemoryMap map;
    Report report;
    ASSERT_TRUE(read_memory_map(compiled.tree(), map, report)) << report.text();
    ASSERT_EQ(map.reserved.size(), 2U);
    EXPECT_EQ(map.reserved[1], range(0x4010'0000, 0x1000));
    ASSERT_EQ(map.header_reserved.size(), 1U);
    EXPECT_EQ(map.header_reserved[0], range(0x1000, 0x2000));
}

TEST(MemoryMap, a_reservation_that_cannot_be_read_fails)
{
    const CompiledTree compiled{R"(/ { #address-cells = <2>; #size-cells = <2>;
        memory { device_type = "memory"; reg = <0 0x40000000 0 0x1000000>; };
        reserved-memory { broken { reg = <0 0x40000000 0>; }; }; };)"};
    MemoryMap map;
    Report report;
    EXPECT_FALSE(read_memory_map(compiled.tree(), map, report));
    EXPECT_TRUE(says(report, "/reserved-memory/broken: entry 0 of reg"));
}

TEST(MemoryMap, more_banks_than_there_is_room_for_fail)
{
    std::string reg;
    for (int i = 0; i < 300; ++i)
        reg += " 0 " + std::to_string(i * 0x2000) + " 0 0x1000";
    const CompiledTree compiled{"/ { #address-cells = <2>; #size-cells = <2>; memory {"
                                "device_type = \"memory\"; reg = <" +
                                reg + ">; }; };"};
    MemoryMap map;
    Report report;
    EXPECT_FALSE(read_memory_map(compiled.tree(), map, report));
    EXPECT_TRUE(says(report, "/memory: more pieces of memory"));
}

/// A tree with these nodes below /cpus.
CompiledTree cpus(std::string_view nodes)
{
    return CompiledTree{"/ { cpus { #address-cells = <2>; #size-cells = <0>; " +
                        std::string{nodes} + "}; };"};
}

TEST(Processors, the_boot_cpu_is_first_and_the_others_keep_their_order)
{
    const auto compiled = cpus(R"(
        cpu@0 { device_type = "cpu"; reg = <0 0>; compatible = "first"; clock-frequency = <7>; };
        cpu@1 { device_type = "cpu"; reg = <0 0x100>; compatible = "second"; };
        cpu@2 { device_type = "cpu"; reg = <1 0>; };)");
    Processors processors;
    Report report;
    // Bit 31 of MPIDR_EL1 is always set, bit 30 says uniprocessor, bit 24 multithreading.
    ASSERT_TRUE(read_processors(compiled.tree(), 0x8100'0100, processors, report));
    ASSERT_EQ(processors.all.size(), 3U);
    EXPECT_EQ(processors.all[0].affinity, 0x100U);
    EXPECT_EQ(processors.all[1].affinity, 0U);
    EXPECT_EQ(processors.all[2].affinity, 0x1'0000'0000U);
    EXPECT_EQ(text_of(processors.compatible), (std::string{"first\0", 6}));
    EXPECT_EQ(processors.clock_frequency, 7U);
    EXPECT_EQ(report.text(), "");
}

TEST(Processors, a_spin_table_says_where_a_cpu_waits)
{
    const auto compiled = cpus(R"(
        cpu@0 { device_type = "cpu"; reg = <0 0>; enable-method = "spin-table";
                cpu-release-addr = <0x1 0xd8>; };
        cpu@1 { device_type = "cpu"; reg = <0 1>; enable-method = "spin-table";
                cpu-release-addr = <0xe0>; };
        cpu@2 { device_type = "cpu"; reg = <0 2>; enable-method = "spin-table"; };
        cpu@3 { device_type = "cpu"; reg = <0 3>; enable-method = "magic"; };)");
    Processors processors;
    Report report;
    ASSERT_TRUE(read_processors(compiled.tree(), 0, processors, report));
    ASSERT_EQ(processors.all.size(), 4U);
    EXPECT_EQ(processors.all[0].release_address, PhysicalAddress{0x1'0000'00d8});
    EXPECT_EQ(processors.all[1].enable_method, EnableMethod::spin_table);
    EXPECT_EQ(processors.all[1].release_address, PhysicalAddress{0xe0});
    EXPECT_EQ(processors.all[2].enable_method, EnableMethod::none);
    EXPECT_EQ(processors.all[3].enable_method, EnableMethod::none);
    EXPECT_TRUE(says(report, "/cpus/cpu@2: enable-method = spin-table is not psci, nor"));
    EXPECT_TRUE(says(report, "/cpus/cpu@3: enable-method = magic is not psci, nor"));
}

TEST(Processors, broken_failed_and_repeated_ones_are_left_out)
{
    const auto compiled = cpus(R"(
        cpu@0 { device_type = "cpu"; reg = <0 0>; };
        cpu@1 { device_type = "cpu"; reg = <0 0>; };
        cpu@2 { device_type = "cpu"; reg = <0 0x80000000>; };
        cpu@3 { device_type = "cpu"; };
        cpu@4 { device_type = "cpu"; reg = <0 4>; status = "fail-hot"; };
        cpu@5 { device_type = "cpu"; reg = <0 5>; status = "disabled"; };
        cpu@6 { device_type = "cpu"; reg = <0 5>; };
        l2-cache { };)");
    Processors processors;
    Report report;
    ASSERT_TRUE(read_processors(compiled.tree(), 0, processors, report));
    ASSERT_EQ(processors.all.size(), 2U);
    EXPECT_EQ(processors.all[1].affinity, 5U);
    EXPECT_TRUE(says(report, "/cpus/cpu@1: reg = 0x0 is another CPU's"));
    EXPECT_TRUE(says(report, "/cpus/cpu@2: reg is not the affinity"));
    EXPECT_TRUE(says(report, "/cpus/cpu@3: reg is not the affinity"));
    EXPECT_TRUE(says(report, "/cpus/cpu@6: reg = 0x5 is another CPU's"));
    EXPECT_EQ(report.errors(), 4U);
}

TEST(Processors, a_machine_with_too_many_cpus_uses_as_many_as_there_is_room_for)
{
    std::string nodes;
    for (std::size_t i = 0; i < max_cpus + 1; ++i)
        nodes += "cpu@" + std::to_string(i) + " { device_type = \"cpu\"; reg = <0 " +
                 std::to_string(i) + ">; };";
    const auto compiled = cpus(nodes);
    Processors processors;
    Report report;
    ASSERT_TRUE(read_processors(compiled.tree(), 0, processors, report));
    EXPECT_EQ(processors.all.size(), max_cpus);
    EXPECT_TRUE(says(report, "/cpus/cpu@32: this build has room for 32 CPUs"));
}

TEST(Processors, the_running_cpu_has_to_be_there)
{
    const auto compiled = cpus(R"(cpu@0 { device_type = "cpu"; reg = <0 0>; };)");
    Processors processors;
    Report report;
    EXPECT_FALSE(read_processors(compiled.tree(), 3, processors, report));
    EXPECT_TRUE(says(report, "no node has reg = 0x3"));
}

TEST(Psci, version_0_1_has_its_function_identifier_in_the_tree)
{
    const CompiledTree compiled{R"(/ { psci { compatible = "arm,psci"; method = "hvc";
                                             cpu_on = <0x95c1ba60>; }; };)"};
    Report report;
    const auto psci = read_psci(compiled.tree(), report);
    ASSERT_TRUE(psci);
    EXPECT_TRUE(psci->by_hvc);
    EXPECT_FALSE(psci->is_standard);
    EXPECT_EQ(psci->cpu_on, 0x95c1'ba60U);
}

TEST(Psci, one_that_cannot_be_called_is_not_used)
{
    Report report;
    const CompiledTree no_id{R"(/ { psci { compatible = "arm,psci"; method = "hvc"; }; };)"};
    EXPECT_FALSE(read_psci(no_id.tree(), report));
    EXPECT_TRUE(says(report, "/psci: PSCI 0.1 needs the function identifier cpu_on"));
    const CompiledTree no_method{R"(/ { psci { compatible = "arm,psci-1.0"; method = "x"; }; };)"};
    EXPECT_FALSE(read_psci(no_method.tree(), report));
    EXPECT_TRUE(says(report, "/psci: method has to be"));
}

/// A GIC with these properties at /gic.
Result<void> read_gic(std::string_view properties, InterruptController& gic, Report& report)
{
    const CompiledTree compiled{"/ { #address-cells = <1>; #size-cells = <1>; gic { phandle = <1>;"
                                "interrupt-parent = <1>; interrupt-controller;"
                                "#interrupt-cells = <3>;" +
                                std::string{properties} + "}; };"};
    return read_interrupt_controller(compiled.tree(), gic, report);
}

TEST(InterruptController, several_redistributor_regions_and_a_stride_are_read)
{
    InterruptController gic;
    Report report;
    ASSERT_TRUE(read_gic(R"(compatible = "arm,gic-v3"; #redistributor-regions = <2>;
        redistributor-stride = <0 0x40000>; interrupts = <1 9 4>;
        reg = <0x1000000 0x10000 0x2000000 0x100000 0x3000000 0x200000>;)",
                         gic, report))
        << report.text();
    ASSERT_EQ(gic.redistributors.size(), 2U);
    EXPECT_EQ(gic.redistributors[1], range(0x300'0000, 0x20'0000));
    EXPECT_EQ(gic.redistributor_stride, 0x4'0000U);
}

TEST(InterruptController, what_is_missing_is_named)
{
    InterruptController v3;
    Report report;
    EXPECT_FALSE(read_gic(R"(compatible = "arm,gic-v3"; #redistributor-regions = <3>;
        interrupts = <1 9 4>; reg = <0x1000000 0x10000 0x2000000 0x100000>;)",
                          v3, report));
    EXPECT_TRUE(
        says(report, "/gic: reg has to list 4 parts of the GIC, but entry 2 is not usable"));

    InterruptController many;
    EXPECT_FALSE(read_gic(R"(compatible = "arm,gic-v3"; #redistributor-regions = <0x80000000>;
        interrupts = <1 9 4>; reg = <0x1000000 0x10000>;)",
                          many, report));
    EXPECT_TRUE(
        says(report, "/gic: reg has to list 33 parts of the GIC, but entry 1 is not usable"));

    InterruptController v2;
    EXPECT_FALSE(read_gic(R"(compatible = "arm,gic-400"; reg = <0x1000 0x1000 0x2000 0x2000>;)", v2,
                          report));
    EXPECT_TRUE(
        says(report, "/gic: reg has to list 4 parts of the GIC, but entry 2 is not usable"));
    EXPECT_TRUE(says(report, "interrupts has to name the GIC's maintenance interrupt"));
}

TEST(Timer, an_interrupt_that_is_missing_or_shared_is_named)
{
    for (const auto* interrupts : {"<1 13 4 1 14 4 1 11 4>", "<1 13 4 1 14 4 1 11 4 0 10 4>"}) {
        const CompiledTree compiled{R"(/ { interrupt-parent = <1>;
            gic { phandle = <1>; interrupt-controller; #interrupt-cells = <3>; };
            timer { compatible = "arm,armv8-timer"; interrupts = )" +
                                    std::string{interrupts} + "; }; };"};
        Timer timer;
        Report report;
        EXPECT_FALSE(read_timer(compiled.tree(), timer, report));
        EXPECT_TRUE(says(report, "/timer: interrupts has to list four PPIs"));
        EXPECT_TRUE(says(report, "number 4 is none"));
    }
}

TEST(ConsoleUart, stdout_path_may_be_an_alias_with_options)
{
    const auto compiled = CompiledTree::from_file("zcu102.dts");
    Report report;
    const auto uart = find_console_uart(compiled.tree(), "", report);
    ASSERT_TRUE(uart) << report.text();
    EXPECT_TRUE(uart->node.is_compatible("cdns,uart-r1p12"));
    EXPECT_EQ(uart->registers, range(0xff00'0000, 0x1000));
    EXPECT_EQ(uart->interrupt, (Interrupt{.intid = Intid{53}, .edge = false}));
    EXPECT_EQ(uart->reg_shift, 0U);
}

TEST(ConsoleUart, dtuart_goes_before_stdout_path)
{
    const auto compiled = CompiledTree::from_file("zcu102.dts");
    Report report;
    EXPECT_EQ(find_console_uart(compiled.tree(), "serial1", report)->node.name(),
              "serial@ff010000");
    EXPECT_EQ(find_console_uart(compiled.tree(), "/axi/serial@ff010000", report)->node.name(),
              "serial@ff010000");
    EXPECT_EQ(report.text(), "");
    EXPECT_EQ(find_console_uart(compiled.tree(), "serial7", report)->node.name(),
              "serial@ff000000");
    EXPECT_TRUE(says(report, "dtuart=serial7: the tree has no such path or alias"));
}

TEST(ConsoleUart, an_8250_says_how_its_registers_lie)
{
    const CompiledTree compiled{R"(/ { #address-cells = <1>; #size-cells = <1>;
        uart { compatible = "snps,dw-apb-uart"; reg = <0x1000 0x100>; reg-shift = <2>;
               reg-io-width = <4>; }; };)"};
    Report report;
    const auto uart = find_console_uart(compiled.tree(), "/uart", report);
    ASSERT_TRUE(uart);
    EXPECT_EQ(uart->reg_shift, 2U);
    EXPECT_EQ(uart->reg_io_width, 4U);
    EXPECT_FALSE(uart->interrupt);
}

TEST(ConsoleUart, without_one_the_result_is_a_failure)
{
    Report report;
    const CompiledTree none{"/ { };"};
    EXPECT_EQ(find_console_uart(none.tree(), "", report).error(), Error::no_entry);
    const CompiledTree hidden{R"(/ { bus { uart { reg = <0 0 1>; }; };
                                     chosen { stdout-path = "/bus/uart"; }; };)"};
    EXPECT_EQ(find_console_uart(hidden.tree(), "", report).error(), Error::bad_address);
    EXPECT_TRUE(says(report, "/bus/uart: reg is not an address that the CPU reaches"));
}

TEST(CommandLines, each_row_of_xens_table_holds)
{
    constexpr auto module = R"(module { compatible = "multiboot,kernel", "multiboot,module";
                                        reg = <0 0 1>; bootargs = "M"; };)";
    const struct {
        bool hypervisor, dom0, kernel;
        std::string_view expected_hypervisor, expected_dom0;
    } rows[] = {
        {true, true, false, "X", "D"},  {true, true, true, "X", "D"},
        {true, false, false, "X", "B"}, {true, false, true, "X", "M"},
        {false, true, false, "B", "D"}, {false, true, true, "B", "D"},
        {false, false, true, "B", "M"}, {false, false, false, "", "B"},
    };
    for (const auto& row : rows) {
        std::string chosen = "bootargs = \"B\";";
        if (row.hypervisor) chosen += "xen,xen-bootargs = \"X\";";
        if (row.dom0) chosen += "xen,dom0-bootargs = \"D\";";
        if (row.kernel) chosen += module;
        const CompiledTree compiled{"/ { chosen {" + chosen + "}; };"};
        const auto lines = command_lines(compiled.tree());
        EXPECT_EQ(lines.hypervisor, row.expected_hypervisor) << chosen;
        EXPECT_EQ(lines.dom0, row.expected_dom0) << chosen;
    }
    EXPECT_EQ(command_lines(CompiledTree{"/ { };"}.tree()).hypervisor, "");
}

TEST(BootModules, are_no_free_memory_whoever_has_them_and_whatever_else_is_wrong)
{
    const CompiledTree compiled{R"(
/ {
    #address-cells = <2>; #size-cells = <2>;
    chosen {
        m@2000 { compatible = "multiboot,module"; reg = <0 0x2000 0 0x1000>; };
        domU1 {
            compatible = "xen,domain"; #address-cells = <1>; #size-cells = <1>;
            m@4000 { compatible = "multiboot,kernel", "multiboot,module"; reg = <0x4000 0x800>; };
            m@5000 { compatible = "multiboot,module"; reg = <0x5000>; };
        };
    };
};)"};
    memory::PhysicalRanges ram;
    ASSERT_TRUE(ram.add(range(0x1000, 0x7000)));
    ASSERT_TRUE(remove_boot_modules(compiled.tree(), ram));
    const auto left = ram.all();
    ASSERT_EQ(left.size(), 3U);
    EXPECT_EQ(left[0], range(0x1000, 0x1000));
    EXPECT_EQ(left[1], range(0x3000, 0x1000));
    EXPECT_EQ(left[2], range(0x4800, 0x3800));
}

TEST(BootModules, kinds_come_from_compatible_or_from_the_order)
{
    const CompiledTree compiled{R"(/ { chosen { #address-cells = <1>; #size-cells = <1>;
        a { compatible = "multiboot,ramdisk", "multiboot,module"; reg = <0x1000 0x10>; };
        b { compatible = "multiboot,module"; reg = <0x2000 0x10>; bootargs = "quiet"; };
        c { compatible = "multiboot,module"; reg = <0x3000 0x10>; };
        d { compatible = "xen,multiboot-module"; reg = <0x4000 0x10>; };
        e { compatible = "xen,linux-zimage", "xen,multiboot-module"; reg = <0x5000 0x10>; };
        f { compatible = "multiboot,device-tree", "multiboot,module"; reg = <0x6000 0x10>; };
        g { reg = <0 1>; }; }; };)"};
    Report report;
    const auto modules = read_boot_modules(*compiled.tree().at_path("/chosen"), report);
    ASSERT_TRUE(modules) << report.text();
    using Kind = BootModule::Kind;
    constexpr Kind expected[] = {Kind::ramdisk, Kind::kernel, Kind::ramdisk,
                                 Kind::other,   Kind::kernel, Kind::device_tree};
    ASSERT_EQ(modules->size(), std::size(expected));
    for (std::size_t i = 0; i < std::size(expected); ++i)
        EXPECT_EQ((*modules)[i].kind, expected[i]) << i;
    EXPECT_EQ((*modules)[1].range, range(0x2000, 0x10));
    EXPECT_EQ((*modules)[1].bootargs, "quiet");
    EXPECT_EQ((*modules)[0].bootargs, "");
}

TEST(BootModules, every_wrong_one_is_reported)
{
    const CompiledTree compiled{R"(/ { chosen { #address-cells = <2>; #size-cells = <2>;
        a { compatible = "multiboot,module"; };
        b { compatible = "multiboot,module"; reg = <0 0x1000 0>; };
        c { compatible = "multiboot,module"; reg = <0 0x1000 0 0>; };
        d { compatible = "multiboot,module"; reg = <0 0x1000 0 1>; bootargs = ")" +
                                std::string(max_bootargs, 'x') + "\"; }; }; };"};
    Report report;
    EXPECT_FALSE(read_boot_modules(*compiled.tree().at_path("/chosen"), report));
    EXPECT_EQ(report.errors(), 4U);
    EXPECT_TRUE(says(report, "/chosen/a: reg has to be the module's address and size (2 and 2"));
    EXPECT_TRUE(says(report, "/chosen/d: bootargs has 1024 characters, but at most 1023"));
}

} // namespace
} // namespace bulkhead::devicetree
