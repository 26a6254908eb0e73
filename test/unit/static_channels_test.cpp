#include "boot/static_channels.hpp"

#include "machine/test_machine.hpp"
#include "unit/device_tree_source.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace bulkhead::boot {
namespace {

using event::ChannelEnd;
using event::EventChannels;

/// Domains `a` and `b`, with these nodes in them.
struct Channels {
    Channels(const std::string& in_a, const std::string& in_b,
             const std::string& enhanced = "xen,enhanced = \"no-xenstore\";")
        : compiled("/ { chosen { #address-cells = <2>; #size-cells = <2>;" +
                   domain("a", enhanced + in_a) + domain("b", enhanced + in_b) + "}; };")
    {
        read_domains(compiled.tree(), {.cpus = 4, .vcpus = 8}, all, report);
        check_channels(compiled.tree(), all, report);
    }

    static std::string domain(const std::string& name, const std::string& more)
    {
        return name + " { compatible = \"xen,domain\"; memory = <0 0x20000>; cpus = <1>;" + more +
               R"(kernel@60000000 { compatible = "multiboot,kernel", "multiboot,module";
                                    reg = <0 0x60000000 0 0x1000000>; }; };)";
    }
    [[nodiscard]] std::string said() const { return std::string{report.text()}; }

    test::CompiledTree compiled;
    DomainDescriptions all;
    Report report;
};

std::string end(const std::string& name, const std::string& evtchn)
{
    return name + ": " + name + " { compatible = \"xen,evtchn-v1\"; " + evtchn + "};";
}
std::string end(const std::string& name, unsigned port, const std::string& other)
{
    return end(name, "xen,evtchn = <" + std::to_string(port) + " &" + other + ">;");
}

TEST(StaticChannels, two_ends_that_name_each_other_are_connected)
{
    const Channels channels{end("ea", 5, "eb"), end("eb", 1023, "ea")};
    EXPECT_EQ(channels.said(), "");
    test::new_machine(1);
    std::vector<std::uint64_t> memory(device::Vgic::memory_needed({}) / 8 + cache_line);
    const auto bytes = std::as_writable_bytes(std::span{memory});
    const auto skip = (cache_line - reinterpret_cast<std::uintptr_t>(bytes.data()) % cache_line);
    device::Vgic vgic{{}, bytes.subspan(skip)};
    const auto storage = std::make_unique<EventChannels::Storage>();
    EventChannels events{DomainId{1}, vgic, 1, storage.get()};
    bind_channels(channels.compiled.tree(), channels.all, channels.all[0], events);
    const auto bound = ChannelEnd::from(storage->ends[5]);
    EXPECT_TRUE(bound.names(DomainId{2}, Port{1023}));
    EXPECT_TRUE(bound.get(ChannelEnd::fixed));
}

TEST(StaticChannels, a_domain_may_ring_itself)
{
    const Channels channels{end("ea", 5, "eb") + end("eb", 6, "ea"), ""};
    EXPECT_EQ(channels.said(), "");
}

TEST(StaticChannels, a_damaged_property_is_an_error_of_its_domain_alone)
{
    for (const char* const wrong :
         {"", "xen,evtchn;", "xen,evtchn = <1>;", "xen,evtchn = <1 &eb 2>;",
          "xen,evtchn = <0 &eb>;", "xen,evtchn = <1024 &eb>;", "xen,evtchn = <0xffffffff &eb>;"}) {
        const Channels channels{end("ea", wrong), end("eb", 7, "eb")};
        EXPECT_EQ(channels.said(), "error: /chosen/a/ea: xen,evtchn has to be <port phandle>, with "
                                   "a port from 1 to 1023\n")
            << wrong;
        EXPECT_TRUE(channels.all[0].is_wrong);
        EXPECT_FALSE(channels.all[1].is_wrong);
    }
}

TEST(StaticChannels, the_other_end_has_to_be_one)
{
    constexpr auto message = "error: /chosen/a/ea: xen,evtchn has to name the xen,evtchn-v1 node "
                             "of a domain: the other end\n";
    EXPECT_EQ((Channels{end("ea", "xen,evtchn = <1 0x77>;"), ""}.said()), message);
    EXPECT_EQ((Channels{end("ea", 1, "other"), "other: other { };"}.said()), message);
    EXPECT_EQ((Channels{end("ea", 1, "deep"), "between { " + end("deep", 1, "ea") + "};"}.said()),
              message);
}

TEST(StaticChannels, the_other_end_has_to_name_this_one)
{
    EXPECT_EQ((Channels{end("ea", 1, "eb"), end("eb", 1, "eb")}.said()),
              "error: /chosen/a/ea: xen,evtchn names a node that does not name this one\n");
    EXPECT_EQ((Channels{end("ea", 1, "eb"), end("eb", "")}.said()),
              "error: /chosen/a/ea: xen,evtchn names a node that does not name this one\n"
              "error: /chosen/b/eb: xen,evtchn has to be <port phandle>, with a port from 1 to "
              "1023\n");
}

TEST(StaticChannels, a_port_is_used_once_in_a_domain)
{
    const Channels channels{end("ea", 1, "eb") + end("ec", 1, "ed"),
                            end("eb", 1, "ea") + end("ed", 2, "ec")};
    EXPECT_EQ(channels.said(),
              "error: /chosen/a/ec: xen,evtchn has the port of a node before it\n");
}

TEST(StaticChannels, a_guest_that_cannot_know_of_its_channels_is_worth_a_warning)
{
    const Channels channels{end("ea", 5, "eb"), end("eb", 6, "ea"), ""};
    EXPECT_EQ(channels.said(),
              "warning: /chosen/a: without xen,enhanced = \"no-xenstore\" the guest is not told of "
              "its event channels' interrupt\n"
              "warning: /chosen/b: without xen,enhanced = \"no-xenstore\" the guest is not told of "
              "its event channels' interrupt\n");
    EXPECT_FALSE(channels.all[0].is_wrong);
}

} // namespace
} // namespace bulkhead::boot
