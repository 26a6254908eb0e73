#include "boot/static_memory.hpp"

#include "boot/domain_checks.hpp"
#include "boot/guest_ram.hpp"
#include "machine/physical_memory.hpp"
#include "memory/page_pool.hpp"
#include "unit/device_tree_source.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace bulkhead::boot {
namespace {

using namespace literals;
using memory::PhysicalRange;

constexpr PhysicalRange host_ram{PhysicalAddress{0x4000'0000}, 1_GiB};
constexpr device::guest_layout::Places hosts{
    .distributor = {GuestAddress{0x800'0000}, 0x1'0000},
    .cpus = {GuestAddress{0x80a'0000}, 0x8'0000},
    .vpl011 = {GuestAddress{0x900'0000}, 0x1000},
    .vpl011_interrupt = Intid{33},
    .direct_map = true,
};

constexpr auto own_cells = "#address-cells = <2>; #size-cells = <1>; ";

PhysicalRange at(std::uint64_t start, std::uint64_t size) { return {PhysicalAddress{start}, size}; }

std::string domain(const std::string& name, const std::string& more,
                   const std::string& memory = "0x400")
{
    const std::string size = more.contains(own_cells) ? " 0x1000" : " 0 0x1000";
    return name + " { compatible = \"xen,domain\"; cpus = <1>; memory = <0 " + memory + ">; " +
           more +
           "kernel { compatible = \"multiboot,kernel\", \"multiboot,module\"; "
           "reg = <0 0x7f000000" +
           size + ">; }; };";
}

/// Domains read from nodes below /chosen, with a host of 1 GiB.
struct Domains {
    explicit Domains(const std::string& nodes, device::guest_layout::Places direct = hosts,
                     const std::string& chosen = {})
        : compiled("/ { #address-cells = <2>; #size-cells = <2>; chosen { #address-cells = <2>; "
                   "#size-cells = <2>;" +
                   chosen + nodes + "}; };")
    {
        static test::PhysicalMemory pool_memory{4_MiB};
        static memory::PhysicalRanges pool_ram;
        pool_ram = {};
        (void)pool_ram.add(pool_memory.range());
        memory::page_pool().use(pool_ram);
        (void)map->ram.add(host_ram);
        (void)map->reserved.push(at(0x7000'0000, 0x1000));
        free = map->ram;
        removed = remove_static_memory(compiled.tree(), free);
        read_domains(compiled.tree(),
                     {.cpus = 4, .vcpus = 8, .direct_vcpus = 4, .direct_places = direct}, all,
                     report);
        read_shared_memory(all, free, shared, report);
        const Occupied occupied[] = {{at(0x4000'0000, 0x10'0000), "Bulkhead"}};
        check_claims(all, shared, *map, occupied, report);
        check_memory(all, free.total(), report);
    }
    [[nodiscard]] std::string said() const { return std::string{report.text()}; }

    test::CompiledTree compiled;
    std::unique_ptr<devicetree::MemoryMap> map = std::make_unique<devicetree::MemoryMap>();
    memory::PhysicalRanges free;
    Result<void> removed;
    DomainDescriptions all;
    SharedMemories shared;
    Report report;
};

/// What is said about a domain of 1 MiB.
std::string said_about(const std::string& more, device::guest_layout::Places direct = hosts)
{
    const Domains domains{domain("d", more), direct};
    EXPECT_EQ(domains.all[0].is_wrong, domains.report.errors() != 0) << more;
    return domains.said();
}

std::string share(const std::string& name, const std::string& id, const std::string& memory,
                  const std::string& more = {})
{
    return name + " { compatible = \"xen,domain-shared-memory-v1\"; xen,shm-id = \"" + id +
           "\"; xen,shared-mem = <" + memory + ">; " + more + "}; ";
}

TEST(StaticMemory, is_the_domains_and_nobodys_free_ram)
{
    const Domains domains{
        domain("a", "xen,static-mem = <0 0x50000000 0 0x80000 0 0x48000000 0 0x80000>;")};
    EXPECT_EQ(domains.said(), "");
    EXPECT_EQ(domains.all[0].static_ranges, 2U);
    EXPECT_EQ(static_memory(domains.all[0].node, 0), at(0x5000'0000, 0x8'0000));
    EXPECT_EQ(static_memory(domains.all[0].node, 1), at(0x4800'0000, 0x8'0000));
    EXPECT_FALSE(domains.free.contains(at(0x5000'0000, 0x1000)));
    EXPECT_FALSE(domains.free.contains(at(0x4807'f000, 0x1000)));
    EXPECT_EQ(domains.free.total(), 1_GiB - 1_MiB);
}

TEST(StaticMemory, may_be_in_cells_of_its_own)
{
    EXPECT_EQ(said_about("#xen,static-mem-address-cells = <1>; #xen,static-mem-size-cells = <1>; "
                         "xen,static-mem = <0x50000000 0x100000>;"),
              "");
}

TEST(StaticMemory, has_to_be_whole_pages_and_as_much_as_memory_says)
{
    const std::string damaged =
        "error: /chosen/d: entry 0 of xen,static-mem has to be the address and the size of whole "
        "pages, in the cells of /chosen or those of #xen,static-mem-address-cells and "
        "-size-cells\n";
    EXPECT_EQ(said_about("xen,static-mem = <0 0x50000800 0 0x100000>;"), damaged);
    EXPECT_EQ(said_about("xen,static-mem = <0 0x50000000 0 0>;"), damaged);
    EXPECT_EQ(said_about("xen,static-mem = <0 0x50000000>;"), damaged);
    EXPECT_EQ(said_about("xen,static-mem = <0xffffffff 0xfffff000 0 0x1000>;"), damaged);
    EXPECT_EQ(said_about("xen,static-mem = <0 0x50000000 0 0x101000>;"),
              "error: /chosen/d: memory = 1024 KiB, but xen,static-mem has 1028 KiB; make both the "
              "same\n");
}

TEST(StaticMemory, more_ranges_than_a_guest_has_banks_are_an_error)
{
    std::string many;
    for (int i = 0; i < 17; ++i)
        many += " 0 0x500" + std::to_string(10 + i) + "000 0 0x10000";
    EXPECT_TRUE(said_about("xen,static-mem = <" + many + ">;")
                    .contains("error: /chosen/d: xen,static-mem has more than 16 ranges\n"));
}

TEST(StaticMemory, is_in_ram_that_nobody_else_has)
{
    const auto said = [](const std::string& start, const std::string& more = {}) {
        return said_about("xen,static-mem = <0 " + start + " 0 0x100000>;" + more);
    };
    EXPECT_EQ(said("0x7ff01000"),
              "error: /chosen/d: xen,static-mem = 0x7ff01000 to 0x80001000 is not in RAM\n");
    EXPECT_EQ(said("0x6ff01000"), "error: /chosen/d: xen,static-mem = 0x6ff01000 to 0x70001000 "
                                  "overlaps a node of /reserved-memory\n");
    EXPECT_EQ(said("0x400ff000"),
              "error: /chosen/d: xen,static-mem = 0x400ff000 to 0x401ff000 overlaps Bulkhead\n");
    EXPECT_EQ(said("0x7ef01000"), "error: /chosen/d: xen,static-mem = 0x7ef01000 to 0x7f001000 "
                                  "overlaps /chosen/d/kernel\n");
}

TEST(StaticMemory, of_two_domains_must_not_overlap_even_when_it_is_the_same)
{
    const std::string mine = "xen,static-mem = <0 0x50000000 0 0x100000>;";
    const Domains domains{domain("a", mine) + domain("b", mine)};
    EXPECT_EQ(domains.said(), "error: /chosen/b: xen,static-mem = 0x50000000 to 0x50100000 "
                              "overlaps /chosen/a\n");
    EXPECT_TRUE(domains.all[0].is_wrong);
    EXPECT_TRUE(domains.all[1].is_wrong);
    EXPECT_TRUE(said_about("xen,static-mem = <0 0x50000000 0 0x80000 0 0x5007f000 0 0x80000>;")
                    .contains("overlaps /chosen/d\n"));
}

TEST(StaticMemory, the_static_heap_is_all_the_memory_that_others_get)
{
    const std::string heap =
        "xen,static-heap = <0 0x50000000 0 0x1000000 0 0x60000000 0 0x800000>;";
    const Domains domains{domain("a", "", "0x2000") + domain("b", "", "0x5000"), hosts, heap};
    EXPECT_TRUE(domains.removed);
    EXPECT_EQ(domains.free.total(), 24_MiB);
    EXPECT_TRUE(domains.said().contains("/chosen/b: memory = 20 MiB, but 16 MiB are free"));
    for (const std::string wrong :
         {"0 0x50000000 0 0x1800", "0 0x50000000 0", "0 0x7f000000 0 0x2000000"})
        EXPECT_EQ((Domains{"", hosts, "xen,static-heap = <" + wrong + ">;"}.removed.error()),
                  Error::invalid);
}

TEST(DirectMap, has_the_hosts_addresses_for_devices_and_ram)
{
    const Domains domains{
        domain("d", "direct-map; vpl011; xen,static-mem = <0 0x50000000 0 0x100000>;")};
    EXPECT_EQ(domains.said(), "");
    const auto& places = domains.all[0].places;
    EXPECT_TRUE(places.direct_map);
    EXPECT_EQ(places.distributor.start, GuestAddress{0x800'0000});
    EXPECT_EQ(places.vpl011_interrupt, Intid{33});
    const auto is_own = [&](std::uint64_t start) {
        return is_guests_own(domains.all[0], {GuestAddress{start}, 0x1000});
    };
    EXPECT_TRUE(is_own(0x800'0000));
    EXPECT_TRUE(is_own(0x80a'0000));
    EXPECT_TRUE(is_own(0x900'0000));
    EXPECT_TRUE(is_own(0x5000'0000));
    EXPECT_FALSE(is_own(0x5010'0000));
    EXPECT_FALSE(is_own(0x4000'0000));
    EXPECT_FALSE(is_own(0x2200'0000));
}

TEST(DirectMap, needs_static_memory_a_place_for_the_uart_and_redistributors)
{
    const std::string memory = "direct-map; xen,static-mem = <0 0x50000000 0 0x100000>;";
    EXPECT_EQ(said_about("direct-map;"),
              "error: /chosen/d: direct-map without xen,static-mem: say which memory of the host's "
              "it has\n");
    auto without_uart = hosts;
    without_uart.vpl011.size = 0;
    EXPECT_EQ(said_about(memory, without_uart), "");
    EXPECT_EQ(
        said_about(memory + "vpl011;", without_uart),
        "error: /chosen/d: vpl011 with direct-map would be where Bulkhead's console is, which "
        "has no page of its own with an interrupt; remove vpl011 or direct-map\n");
    EXPECT_EQ(said_about(memory + "vpl011; nr_spis = <1>;"),
              "error: /chosen/d: nr_spis has to be a number of SPIs from 2 to 988\n");
    const Domains five{"d { compatible = \"xen,domain\"; cpus = <5>; memory = <0 0x400>; " +
                       memory +
                       "kernel { compatible = \"multiboot,kernel\", \"multiboot,module\"; "
                       "reg = <0 0x7f000000 0 0x1000>; }; };"};
    EXPECT_EQ(five.said(), "error: /chosen/d: cpus = 5, but a domain has at most 4 vCPUs here\n");
}

TEST(SharedMemory, two_domains_have_the_same_memory_and_nobody_else_has_it)
{
    const Domains domains{
        domain("a", own_cells + share("s", "mail", "0 0x50000000 0 0x60000000 0x2000",
                                      "role = \"owner\";")) +
        domain("b", own_cells + share("s", "mail", "0 0x50000000 0 0x68000000 0x2000",
                                      "role = \"borrower\";"))};
    EXPECT_EQ(domains.said(), "");
    ASSERT_EQ(domains.shared.size(), 2U);
    EXPECT_EQ(domains.shared[0].host, at(0x5000'0000, 0x2000));
    EXPECT_EQ(domains.shared[0].host, domains.shared[1].host);
    EXPECT_EQ(domains.shared[1].guest, GuestAddress{0x6800'0000});
    EXPECT_EQ(domains.shared[1].id, "mail");
    EXPECT_TRUE(domains.shared[0].is_owner);
    EXPECT_FALSE(domains.shared[1].is_owner);
    EXPECT_FALSE(domains.free.contains(at(0x5000'1000, 0x1000)));
}

TEST(SharedMemory, without_an_address_of_the_hosts_is_anywhere_but_in_one_place)
{
    const Domains domains{domain("a", own_cells + share("s", "mail", "0 0x60000000 0x400000")) +
                          domain("b", own_cells + share("s", "mail", "0 0x68000000 0x400000"))};
    EXPECT_EQ(domains.said(), "");
    EXPECT_EQ(domains.shared[0].host, domains.shared[1].host);
    EXPECT_EQ(domains.shared[0].host.start.value() % 2_MiB, 0U);
    EXPECT_FALSE(domains.free.contains({domains.shared[0].host.start, 0x1000}));
    EXPECT_EQ(
        said_about(own_cells + share("s", "mail", "0x80 0 0xc0000000")),
        "error: /chosen/d/s: xen,shared-mem: no 3145728 KiB of memory in one piece are free\n");
}

TEST(SharedMemory, a_node_that_is_wrong_in_itself_says_what_would_be_right)
{
    const std::string damaged =
        "error: /chosen/d/s: xen,shared-mem has to be <host-address guest-address size> or "
        "<guest-address size>: whole pages of 4 KiB, in the cells that the domain's node says\n";
    for (const std::string memory :
         {"0 0x50000000 0 0x60000000 0x2001", "0 0x50000800 0 0x60000000 0x1000",
          "0 0x50000000 0 0x60000800 0x1000", "0 0x50000000 0 0x60000000 0", "0 0x60000000",
          "0 0x50000000 0 0x60000000 0x1000 0"})
        EXPECT_EQ(said_about(own_cells + share("s", "mail", memory)), damaged) << memory;
    EXPECT_EQ(said_about("s { compatible = \"xen,domain-shared-memory-v1\"; };"), damaged);
    for (const std::string id : {"", "sixteen-letters!"})
        EXPECT_EQ(said_about(own_cells + share("s", id, "0 0x60000000 0x1000")),
                  "error: /chosen/d/s: xen,shm-id = \"" + id +
                      "\" has to be a name of 1 to 15 characters\n");
    EXPECT_EQ(
        said_about(own_cells + share("s", "mail", "0 0x60000000 0x1000", "role = \"lender\";")),
        "error: /chosen/d/s: role = \"lender\" has to be \"owner\" or \"borrower\"\n");
}

TEST(SharedMemory, the_nodes_of_a_region_agree_and_one_owns_it)
{
    const auto said = [](const std::string& first, const std::string& second) {
        const Domains domains{domain("a", own_cells + share("s", "mail", first)) +
                              domain("b", own_cells + share("s", "mail", second))};
        EXPECT_FALSE(domains.all[0].is_wrong);
        EXPECT_TRUE(domains.all[1].is_wrong);
        return domains.said();
    };
    EXPECT_EQ(said("0 0x50000000 0 0x60000000 0x2000", "0 0x50000000 0 0x60000000 0x1000"),
              "error: /chosen/b/s: xen,shared-mem = 0x50000000 to 0x50001000, but /chosen/a/s has "
              "\"mail\" at 0x50000000 to 0x50002000; make them the same\n");
    EXPECT_TRUE(said("0 0x50000000 0 0x60000000 0x2000", "0 0x60000000 0x2000")
                    .contains("make them the same"));
    EXPECT_TRUE(said("0 0x60000000 0x2000", "0 0x50000000 0 0x60000000 0x2000")
                    .contains("make them the same"));
    const Domains owners{
        domain("a", own_cells + share("s", "mail", "0 0x60000000 0x1000", "role = \"owner\";")) +
        domain("b", own_cells + share("s", "mail", "0 0x60000000 0x1000", "role = \"owner\";"))};
    EXPECT_EQ(owners.said(),
              "error: /chosen/b/s: role = \"owner\": /chosen/a/s owns \"mail\"; make "
              "one the borrower\n");
}

TEST(SharedMemory, overlaps_nothing_on_the_host)
{
    const auto said = [](const std::string& host) {
        return said_about(own_cells + share("s", "mail", host + " 0 0x60000000 0x2000"));
    };
    EXPECT_EQ(said("0 0x7ffff000"),
              "error: /chosen/d/s: xen,shared-mem = 0x7ffff000 to 0x80001000 is not in RAM\n");
    EXPECT_TRUE(said("0 0x6ffff000").contains("overlaps a node of /reserved-memory\n"));
    EXPECT_TRUE(said("0 0x400ff000").contains("overlaps Bulkhead\n"));
    EXPECT_TRUE(said("0 0x7efff000").contains("overlaps /chosen/d/kernel\n"));
    const Domains other{
        domain("a", "xen,static-mem = <0 0x50000000 0 0x100000>;") +
        domain("b", own_cells + share("s", "mail", "0 0x500ff000 0 0x60000000 0x2000")) +
        domain("c", own_cells + share("s", "box", "0 0x50100000 0 0x60000000 0x1000"))};
    EXPECT_EQ(
        other.said(),
        "error: /chosen/b/s: xen,shared-mem = 0x500ff000 to 0x50101000 overlaps /chosen/a\n"
        "error: /chosen/c/s: xen,shared-mem = 0x50100000 to 0x50101000 overlaps /chosen/b/s\n");
}

TEST(SharedMemory, overlaps_nothing_in_the_guest)
{
    const auto said = [](const std::string& guest) {
        return said_about(own_cells + share("s", "mail", guest + " 0x1000"));
    };
    EXPECT_EQ(said("0 0x400ff000"),
              "error: /chosen/d/s: xen,shared-mem at the guest's 0x400ff000 to "
              "0x40100000: its RAM, GIC or UART is there\n");
    EXPECT_EQ(said("0 0x40100000"), "");
    EXPECT_NE(said("0 0x03001000"), "");
    EXPECT_TRUE(said("0x100 0").contains("there are no such addresses\n"));
    EXPECT_TRUE(
        said_about(own_cells + share("s", "mail", "0 0x60000000 0x2000") +
                   share("t", "box", "0 0x60001000 0x1000"))
            .contains("/chosen/d/t: xen,shared-mem at the guest's 0x60001000 to 0x60002000: "
                      "it has other shared memory there\n"));
}

TEST(SharedMemory, of_a_direct_map_domain_is_where_it_is_on_the_host)
{
    const std::string direct =
        std::string{own_cells} + "direct-map; xen,static-mem = <0 0x50000000 0 0x100000>;";
    EXPECT_EQ(said_about(direct + share("s", "mail", "0 0x60000000 0 0x60000000 0x1000")), "");
    const std::string where = "with direct-map it has to be where it is on the host\n";
    EXPECT_TRUE(said_about(direct + share("s", "mail", "0 0x60000000 0 0x61000000 0x1000"))
                    .contains(where));
    EXPECT_TRUE(said_about(direct + share("s", "mail", "0 0x60000000 0x1000")).contains(where));
}

TEST(SharedMemory, more_nodes_than_there_is_room_for_are_reported)
{
    std::string nodes;
    for (int i = 0; i < 65; ++i)
        nodes += share("s" + std::to_string(i), "r" + std::to_string(i),
                       "0 0x6" + std::to_string(100 + i) + "000 0x1000");
    EXPECT_EQ(said_about(own_cells + nodes),
              "error: /chosen/d/s64: there is room to note 64 such nodes\n");
}

/// Where a domain's RAM is, by the first page's place and the banks.
std::string placed(const std::string& more, const std::string& memory = "0x400")
{
    Domains domains{domain("d", more, memory)};
    EXPECT_EQ(domains.said(), "");
    auto map = memory::Stage2Map::create(memory::page_pool(), 1);
    GuestRam ram;
    EXPECT_TRUE(ram.allocate(domains.all[0], domains.free, *map));
    std::string text;
    std::array<char, 100> buffer{};
    for (const auto& bank : ram.banks()) {
        const log::Argument arguments[] = {bank.start, bank.size,
                                           map->translate(bank.start)->address,
                                           map->translate(bank.end() - page_size)->address};
        text += log::format_into(buffer, "{} {x}: {} to {}; ", arguments);
    }
    return text;
}

TEST(GuestRam, static_memory_is_at_the_guests_banks_in_the_order_of_the_tree)
{
    EXPECT_EQ(placed("xen,static-mem = <0 0x50000000 0 0x80000 0 0x48000000 0 0x80000>;"),
              "0x40000000 0x100000: 0x50000000 to 0x4807f000; ");
}

TEST(GuestRam, static_memory_of_a_direct_map_domain_is_where_it_is)
{
    EXPECT_EQ(placed("direct-map; xen,static-mem = <0 0x50000000 0 0x80000 0 0x48000000 0 0x40000 "
                     "0 0x48040000 0 0x40000>;"),
              "0x50000000 0x80000: 0x50000000 to 0x5007f000; "
              "0x48000000 0x80000: 0x48000000 to 0x4807f000; ");
}

TEST(GuestRam, other_memory_is_free_memory)
{
    EXPECT_EQ(placed(""), "0x40000000 0x100000: 0x40000000 to 0x400ff000; ");
}

} // namespace
} // namespace bulkhead::boot
