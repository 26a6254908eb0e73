#include "device/guest_layout.hpp"
#include "fuzz/guest_domain.hpp"
#include "machine/upcalls.hpp"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

namespace layout = device::guest_layout;
using device::GicVersion;
using machine::MmioResult;

struct Guest : test::GuestDomain {
    explicit Guest(GicVersion version) : GuestDomain(version, 4) { run(0); }

    std::uint64_t read(GuestAddress address, unsigned size = 4)
    {
        const auto read = upcall::read_mmio(vcpu(), address, size);
        EXPECT_EQ(read.access, MmioResult::done);
        return read.value;
    }
    void write(GuestAddress address, unsigned size, std::uint64_t value)
    {
        EXPECT_EQ(upcall::write_mmio(vcpu(), address, size, value), MmioResult::done);
    }
    bool is_nothing(GuestAddress address)
    {
        return upcall::read_mmio(vcpu(), address, 4).access == MmioResult::abort &&
               upcall::write_mmio(vcpu(), address, 4, 0) == MmioResult::abort;
    }
};

TEST(Mmio, a_device_ends_where_its_window_does)
{
    for (const auto version : {GicVersion::v2, GicVersion::v3}) {
        Guest guest{version};
        const bool v2 = version == GicVersion::v2;
        const auto distributor = v2 ? layout::gicv2_distributor : layout::gicv3_distributor;
        EXPECT_FALSE(guest.is_nothing(distributor.start));
        EXPECT_TRUE(guest.is_nothing(distributor.start - 4));
        EXPECT_FALSE(guest.is_nothing(distributor.start + (distributor.size - 4)));
        EXPECT_TRUE(guest.is_nothing(distributor.end()));
        EXPECT_FALSE(guest.is_nothing(layout::vpl011.start));
        EXPECT_TRUE(guest.is_nothing(layout::vpl011.start - 4));
        EXPECT_TRUE(guest.is_nothing(layout::vpl011.end()));
        EXPECT_TRUE(guest.is_nothing(GuestAddress{0}));
        EXPECT_TRUE(guest.is_nothing(GuestAddress{~std::uint64_t{3}}));
    }
}

TEST(Mmio, of_a_gicv2s_cpu_interface_the_page_of_deactivations_traps)
{
    Guest guest{GicVersion::v2};
    const auto interface = layout::gicv2_cpu_interface;
    EXPECT_TRUE(guest.is_nothing(interface.start));
    EXPECT_TRUE(guest.is_nothing(interface.start + 0xffc));
    EXPECT_FALSE(guest.is_nothing(interface.start + 0x1000));
    EXPECT_TRUE(guest.is_nothing(interface.end()));
    EXPECT_EQ(upcall::write_mmio(guest.vcpu(), interface.start + 0x1000, 1, 0), MmioResult::abort);
    const auto active = layout::gicv2_distributor.start + 0x304; // ISACTIVER1
    guest.write(active, 4, 0x100);
    guest.write(interface.start + 0x1004, 4, 40);
    EXPECT_EQ(guest.read(active), 0x100U);
    guest.write(interface.start + 0x1000, 4, 40); // GICV_DIR
    EXPECT_EQ(guest.read(active), 0U);
}

TEST(Mmio, a_redistributor_is_there_for_each_vcpu_and_for_no_other)
{
    Guest guest{GicVersion::v3};
    const auto first = layout::gicv3_redistributors.start;
    const auto past = first + test::GuestDomain::vcpus * layout::gicv3_redistributor_size;
    EXPECT_FALSE(guest.is_nothing(first));
    EXPECT_FALSE(guest.is_nothing(past - 4));
    EXPECT_TRUE(guest.is_nothing(past));
}

TEST(Mmio, a_store_is_as_wide_as_its_size_says)
{
    Guest guest{GicVersion::v3};
    const auto gic = layout::gicv3_distributor.start;
    const auto uart = layout::vpl011.start;
    constexpr std::uint64_t junk = 0xffff'ffff'0000'0000;
    guest.write(gic + 0x104, 4, junk | 1); // ISENABLER1
    EXPECT_EQ(guest.read(gic + 0x104), 1U);
    EXPECT_EQ(guest.read(gic + 0x108), 0U);
    guest.write(gic + 0x421, 1, junk | 0xffff'ff40); // IPRIORITYR8
    EXPECT_EQ(guest.read(gic + 0x420), 0x4000U);
    guest.write(gic + 0x6100, 4, junk | 1); // IROUTER32
    EXPECT_EQ(guest.read(gic + 0x6100, 8), 1U);
    guest.write(uart + 0x24, 1, junk | 0x112); // UARTIBRD
    EXPECT_EQ(guest.read(uart + 0x24), 0x12U);
}

TEST(Mmio, a_load_says_no_more_than_its_size)
{
    Guest guest{GicVersion::v3};
    guest.domain().vpl011()->write(0x30, 4, 0x3c81); // UARTCR: loopback, all modem outputs
    EXPECT_EQ(guest.read(layout::vpl011.start + 0x18, 4), 0x197U);
    EXPECT_EQ(guest.read(layout::vpl011.start + 0x18, 2), 0x197U);
    EXPECT_EQ(guest.read(layout::vpl011.start + 0x18, 1), 0x97U);
    EXPECT_EQ(guest.read(layout::vpl011.start + 0x19, 1), 0x01U);
}

} // namespace
} // namespace bulkhead
