#include "boot/device_assignment.hpp"

#include "machine/physical_memory.hpp"
#include "memory/page_pool.hpp"
#include "unit/device_tree_source.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>

namespace bulkhead::boot {
namespace {

using namespace literals;
using test::CompiledTree;

/// Partial trees are noted in the page pool.
class DeviceAssignment : public testing::Test {
protected:
    DeviceAssignment()
    {
        static test::PhysicalMemory memory{64_MiB};
        static bulkhead::memory::PhysicalRanges ram;
        if (ram.total() == 0) (void)ram.add(memory.range());
        bulkhead::memory::page_pool().use(ram);
    }
};

PhysicalAddress address_of_host(const void* pointer)
{
    return PhysicalAddress{reinterpret_cast<std::uintptr_t>(pointer)};
}

/// A host with an RTC, a UART that is Bulkhead's and one that is not, a network card, and two
/// domains in 128 MiB each.
struct Assignment {
    /// The partial trees' /passthrough of the first and of the second domain, and more of the nodes
    /// of the domains.
    explicit Assignment(std::string_view first, std::string_view second = {},
                        std::string_view properties = {})
        : host(R"(/ { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <&gic>;
            gic: gic { #interrupt-cells = <3>; interrupt-controller; };
            other: other { #interrupt-cells = <1>; interrupt-controller; };
            rtc { compatible = "arm,pl031"; interrupts = <0 2 4>; };
            uart { compatible = "arm,pl011"; interrupts = <0 1 4>; };
            net { compatible = "vendor,net"; interrupts = <0 7 4>, <0 8 1>; };
            expander { compatible = "arm,pl061"; interrupt-parent = <&other>; interrupts = <3>; };
            local { interrupts = <1 9 4>; };
            first { interrupts = <0 0 4>; };
            last { interrupts = <0 64 4>; };
            broken { interrupts = <7 0 4>; };
            chosen { #address-cells = <2>; #size-cells = <2>; )" +
               domain("a", properties) + domain("b", properties) + "}; };")
    {
        (void)description->memory.ram.add({PhysicalAddress{0x4000'0000}, 1_GiB});
        auto& gic = description->interrupt_controller;
        gic.version = devicetree::GicVersion::v3;
        gic.distributor = {PhysicalAddress{0x0800'0000}, 0x1'0000};
        (void)gic.redistributors.push({PhysicalAddress{0x080a'0000}, 0xf6'0000});
        read_domains(host.tree(), {.cpus = 4, .vcpus = 8}, domains, report);
        give(first, 0);
        give(second, 1);
        const Occupied occupied[] = {
            {{PhysicalAddress{0x0900'0000}, 0x1000}, "Bulkhead's console"}};
        assign_devices(domains,
                       {.tree = host.tree(),
                        .description = *description,
                        .occupied = occupied,
                        .console_interrupt = Intid{33},
                        .spis = 64},
                       *devices, report);
    }

    static std::string domain(std::string_view name, std::string_view properties)
    {
        return std::string{name} + R"( { compatible = "xen,domain"; memory = <0 0x20000>;
            cpus = <1>;)" +
               std::string{properties} +
               R"(kernel { compatible = "multiboot,kernel", "multiboot,module";
            reg = <0 0x60000000 0 0x1000>; }; }; )";
    }

    void give(std::string_view passthrough, std::size_t index)
    {
        if (passthrough.empty()) return;
        partial[index].emplace("/ { #address-cells = <2>; #size-cells = <2>; passthrough { "
                               "#address-cells = <1>; #size-cells = <1>;" +
                               std::string{passthrough} + "}; };");
        const auto& blob = partial[index]->blob();
        domains[index].device_tree = devicetree::BootModule{
            .node = domains[index].node, .range = {address_of_host(blob.data()), blob.size()}};
    }

    [[nodiscard]] std::string said() const { return std::string{report.text()}; }

    CompiledTree host;
    std::array<std::optional<CompiledTree>, 2> partial;
    std::unique_ptr<devicetree::HostDescription> description =
        std::make_unique<devicetree::HostDescription>();
    DomainDescriptions domains;
    std::unique_ptr<AssignedDevices> devices = std::make_unique<AssignedDevices>();
    Report report;
};

constexpr std::string_view rtc = R"(rtc { xen,reg = <0x9010000 0x1000 0x9010000>;
    xen,path = "/rtc"; xen,force-assign-without-iommu; };)";

std::string said_about(std::string_view passthrough, std::string_view properties = {})
{
    const Assignment assignment{passthrough, {}, properties};
    EXPECT_EQ(assignment.domains[0].is_wrong, assignment.report.errors() != 0) << passthrough;
    return assignment.said();
}

/// What is said about a node with this xen,reg, in one cell each, behind the node and the range.
std::string said_about_registers(std::string_view reg, std::string_view properties = {})
{
    auto said = said_about("d { xen,path = \"/rtc\"; xen,force-assign-without-iommu;"
                           "xen,reg = <" +
                               std::string{reg} + ">; };",
                           properties);
    if (said.empty()) return said;
    const std::string_view head = "error: /chosen/a: /passthrough/d: xen,reg";
    EXPECT_TRUE(said.starts_with(head)) << said;
    return said.substr(head.size());
}

TEST_F(DeviceAssignment, registers_and_interrupts_of_a_device_are_the_domains)
{
    const Assignment assignment{rtc};
    EXPECT_EQ(assignment.said(), "");
    EXPECT_TRUE(assignment.domains[0].devices);
    ASSERT_EQ(assignment.devices->registers.size(), 1U);
    const auto& registers = assignment.devices->registers[0];
    EXPECT_EQ(registers.domain, &assignment.domains[0]);
    EXPECT_EQ(registers.guest, GuestAddress{0x0901'0000});
    EXPECT_EQ(registers.host, (memory::PhysicalRange{PhysicalAddress{0x0901'0000}, 0x1000}));
    ASSERT_EQ(assignment.devices->interrupts.size(), 1U);
    EXPECT_EQ(assignment.devices->interrupts[0].intid, Intid{34});
}

TEST_F(DeviceAssignment, registers_may_be_elsewhere_in_the_guest_and_several)
{
    const Assignment assignment{R"(d { xen,force-assign-without-iommu; xen,path = "/rtc";
        xen,reg = <0x9010000 0x1000 0x10000000 0x9020000 0x2000 0x10001000>; };)"};
    EXPECT_EQ(assignment.said(), "");
    ASSERT_EQ(assignment.devices->registers.size(), 2U);
    EXPECT_EQ(assignment.devices->registers[1].guest, GuestAddress{0x1000'1000});
    EXPECT_EQ(assignment.devices->registers[1].host.start, PhysicalAddress{0x0902'0000});
}

TEST_F(DeviceAssignment, cells_are_those_of_the_node_above)
{
    const Assignment assignment{R"(bus { #address-cells = <2>; #size-cells = <1>;
        d { xen,force-assign-without-iommu; xen,path = "/rtc";
            xen,reg = <0 0x9010000 0x1000 0 0x9010000>; }; };)"};
    EXPECT_EQ(assignment.said(), "");
    EXPECT_EQ(assignment.devices->registers.size(), 1U);
    EXPECT_EQ(said_about_registers("0x9010000 0x1000"),
              " has to list <host-address size guest-address> in 1, 1 and 1 cells, at most 2 "
              "each\n");
    EXPECT_TRUE(said_about(R"(bus { #address-cells = <3>; #size-cells = <1>;
        d { xen,force-assign-without-iommu; xen,path = "/rtc"; xen,reg = <0 0 0 1 0 0 0>; }; };)")
                    .contains("in 3, 1 and 3 cells, at most 2 each"));
}

TEST_F(DeviceAssignment, a_page_that_two_nodes_name_is_assigned_once)
{
    const Assignment assignment{R"(
        a { xen,force-assign-without-iommu; xen,path = "/rtc"; xen,reg = <0x9010000 0x1000 0>; };
        b { xen,force-assign-without-iommu; xen,path = "/rtc"; xen,reg = <0x9010000 0x1000 0>; };)"};
    EXPECT_EQ(assignment.said(), "");
    EXPECT_EQ(assignment.devices->registers.size(), 1U);
    EXPECT_EQ(assignment.devices->interrupts.size(), 1U);
}

TEST_F(DeviceAssignment, registers_are_whole_pages_that_exist)
{
    for (const auto* const odd : {"0x9010000 0x800 0x9010000", "0x9010800 0x1000 0x9010000",
                                  "0x9010000 0x1000 0x9010800", "0x9010000 0 0x9010000"})
        EXPECT_TRUE(said_about_registers(odd).ends_with("has to be whole pages of 4 KiB\n")) << odd;
    const auto said = said_about(R"(bus { #address-cells = <2>; #size-cells = <2>;
        d { xen,force-assign-without-iommu; xen,path = "/rtc";
            xen,reg = <0 0x9010000 0 0x1000 0x100 0>; }; };)");
    EXPECT_TRUE(said.ends_with("ends beyond the addresses that there are\n")) << said;
}

TEST_F(DeviceAssignment, what_is_not_a_device_or_somebodys_is_not_assigned)
{
    EXPECT_EQ(said_about_registers("0x50000000 0x1000 0x9010000"),
              " = 0x50000000 to 0x50001000 at the guest's 0x09010000: is RAM of the host\n");
    EXPECT_TRUE(said_about_registers("0x9000000 0x1000 0x9000000")
                    .ends_with(": overlaps Bulkhead's console\n"));
    EXPECT_TRUE(said_about_registers("0x80f0000 0x1000 0x9010000")
                    .ends_with(": overlaps the host's GIC\n"));
    EXPECT_TRUE(said_about_registers("0x7fff000 0x2000 0x9010000")
                    .ends_with(": overlaps the host's GIC\n"));
}

TEST_F(DeviceAssignment, the_guest_has_nothing_else_there)
{
    for (const std::string taken : {"0x40000000", "0x47fff000", "0x3001000", "0x3020000"})
        EXPECT_TRUE(said_about_registers("0x9010000 0x1000 " + taken)
                        .ends_with(": the guest has its RAM, GIC or UART there\n"))
            << taken;
    EXPECT_EQ(said_about_registers("0x9010000 0x1000 0x48000000"), "");
    EXPECT_EQ(said_about_registers("0x9010000 0x1000 0x22000000"), "");
    EXPECT_NE(said_about_registers("0x9010000 0x1000 0x22000000", "vpl011;"), "");
    EXPECT_TRUE(said_about_registers("0x9010000 0x1000 0 0x9020000 0x1000 0")
                    .ends_with(": the guest has another device there\n"));
}

TEST_F(DeviceAssignment, a_device_belongs_to_the_first_domain_that_names_it)
{
    const Assignment assignment{rtc, rtc};
    EXPECT_FALSE(assignment.domains[0].is_wrong);
    EXPECT_TRUE(assignment.domains[1].is_wrong);
    EXPECT_EQ(assignment.said(),
              "error: /chosen/b: /passthrough/rtc: xen,reg = 0x09010000 to 0x09011000 at the "
              "guest's 0x09010000: belongs to /chosen/a\n"
              "error: /chosen/b: /passthrough/rtc: xen,path = \"/rtc\": its interrupt 34 belongs "
              "to /chosen/a\n");
}

/// What is said about a node with this xen,path.
std::string said_about_path(std::string_view path, std::string_view properties = {})
{
    return said_about("d { xen,reg = <0x9010000 0x1000 0x9010000>;"
                      "xen,force-assign-without-iommu; xen,path = \"" +
                          std::string{path} + "\"; };",
                      properties);
}

TEST_F(DeviceAssignment, interrupts_are_spis_of_the_host_that_are_nobodys)
{
    const std::string head = "error: /chosen/a: /passthrough/d: xen,path = ";
    EXPECT_EQ(said_about_path("/nothing"),
              head + "\"/nothing\": the host's tree has no such node\n");
    EXPECT_EQ(said_about_path("rtc"), head + "\"rtc\": the host's tree has no such node\n");
    EXPECT_EQ(said_about_path("/uart"),
              head + "\"/uart\": its interrupt 33 is that of Bulkhead's console\n");
    EXPECT_TRUE(said_about_path("/local").starts_with(
        head + "\"/local\": its interrupt 25 is a CPU's own and cannot be assigned\n"));
    EXPECT_TRUE(said_about_path("/last").starts_with(
        head + "\"/last\": its interrupt 96 is not one that the host's GIC has\n"));
    EXPECT_EQ(said_about_path("/broken"),
              head + "\"/broken\": entry 0 of its interrupts there is no interrupt of a GIC\n");
    EXPECT_TRUE(said_about_path("/first", "vpl011;")
                    .starts_with(head + "\"/first\": its interrupt 32 is that of the domain's "
                                        "vpl011; remove vpl011\n"));
    EXPECT_EQ(said_about_path("/rtc", "nr_spis = <2>;"),
              head + "\"/rtc\": nr_spis = 2 leaves out its interrupt; make it at least 3\n");
    EXPECT_EQ(said_about_path("/rtc", "nr_spis = <3>;"), "");
}

TEST_F(DeviceAssignment, interrupts_by_way_of_another_device_are_that_ones)
{
    const Assignment assignment{R"(d { xen,force-assign-without-iommu; xen,path = "/expander";
        xen,reg = <0x9010000 0x1000 0x9010000>; };)"};
    EXPECT_EQ(assignment.said(), "");
    EXPECT_TRUE(assignment.devices->interrupts.empty());
}

TEST_F(DeviceAssignment, a_device_without_an_iommu_has_to_be_forced)
{
    EXPECT_EQ(said_about("d { xen,reg = <0x9010000 0x1000 0x9010000>; xen,path = \"/rtc\"; };"),
              "error: /chosen/a: /passthrough/d: xen,path = \"/rtc\": no IOMMU keeps this device "
              "to the domain's memory; accept that with xen,force-assign-without-iommu\n");
    EXPECT_EQ(said_about("d { xen,reg = <0x9010000 0x1000 0x9010000>; };"),
              "error: /chosen/a: /passthrough/d: xen,reg without xen,path: name the host's node, "
              "or add xen,force-assign-without-iommu\n"
              "warning: /chosen/a: NO DMA ISOLATION: d may access memory by itself, and no IOMMU "
              "keeps domain 1 (a) out of all other memory with it\n");
    EXPECT_TRUE(said_about("d { xen,path = \"/rtc\"; xen,force-assign-without-iommu; };")
                    .starts_with("error: /chosen/a: /passthrough/d: xen,path without xen,reg"));
}

TEST_F(DeviceAssignment, missing_dma_isolation_is_said_once_for_a_domain)
{
    const std::string net = R"(net { xen,reg = <0x9020000 0x1000 0x9020000>; xen,path = "/net";
        xen,force-assign-without-iommu; };)";
    const Assignment assignment{net + std::string{rtc} +
                                R"(mmio { xen,reg = <0x9030000 0x1000 0x9030000>;
                                          xen,force-assign-without-iommu; };)"};
    EXPECT_EQ(assignment.said(),
              "warning: /chosen/a: NO DMA ISOLATION: /net may access memory by itself, and no "
              "IOMMU keeps domain 1 (a) out of all other memory with it\n");
    EXPECT_EQ(assignment.devices->interrupts.size(), 3U);
    EXPECT_FALSE(assignment.domains[0].is_wrong);
}

TEST_F(DeviceAssignment, what_is_noted_of_a_partial_tree_is_as_large_as_the_tree)
{
    const auto used = bulkhead::memory::page_pool().used();
    const Assignment assignment{rtc};
    EXPECT_LT(bulkhead::memory::page_pool().used() - used,
              assignment.partial[0]->blob().size() * 2);
}

TEST_F(DeviceAssignment, a_module_that_is_no_tree_is_wrong_and_one_without_devices_is_odd)
{
    Assignment empty{""};
    empty.domains[0].device_tree = devicetree::BootModule{
        .node = empty.domains[0].node, .range = {address_of_host(empty.report.text().data()), 64}};
    const HostDevices host{.tree = empty.host.tree(), .description = *empty.description};
    assign_devices(empty.domains, host, *empty.devices, empty.report);
    EXPECT_TRUE(empty.domains[0].is_wrong);
    EXPECT_TRUE(empty.said().contains("is no device tree of at most 2 MiB"));

    Assignment bare{""};
    const CompiledTree nothing{"/ { };"};
    bare.domains[0].device_tree = devicetree::BootModule{
        .node = bare.domains[0].node,
        .range = {address_of_host(nothing.blob().data()), nothing.blob().size()}};
    assign_devices(bare.domains, host, *bare.devices, bare.report);
    EXPECT_FALSE(bare.domains[0].is_wrong);
    EXPECT_TRUE(bare.said().starts_with("warning: /chosen/a: the partial tree has no node "
                                        "/passthrough"));
}

TEST_F(DeviceAssignment, no_node_may_have_the_phandle_of_the_guests_gic)
{
    EXPECT_EQ(said_about("clock { phandle = <65000>; };"),
              "error: /chosen/a: /passthrough/clock: phandle = 65000 is that of the guest's "
              "interrupt controller; give the node another\n");
    EXPECT_EQ(said_about("clock { phandle = <1>; };"), "");
}

} // namespace
} // namespace bulkhead::boot
