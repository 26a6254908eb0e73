#include "device/guest_layout.hpp"
#include "domain/domain.hpp"
#include "event/xen_abi.hpp"
#include "machine/captured_console.hpp"
#include "machine/memory.hpp"
#include "machine/physical_memory.hpp"
#include "machine/test_machine.hpp"
#include "machine/upcalls.hpp"
#include "sched/null_scheduler.hpp"
#include "sched/run_loop.hpp"

#include <bit>
#include <cstring>
#include <gtest/gtest.h>
#include <string>

namespace bulkhead {
namespace {

using namespace literals;
using event::EventChannels;

constexpr std::uint64_t ram_start = 0x4000'0000;
constexpr std::uint64_t nowhere = 0x1000;
constexpr domid_t self = DOMID_SELF;

/// A domain of two vCPUs with 1 MiB of RAM, whose guest has its MMU off, and another domain.
class HypercallTest : public testing::Test {
protected:
    HypercallTest()
    {
        static test::PhysicalMemory pool{16_MiB};
        static memory::PhysicalRanges pool_ram = [] {
            memory::PhysicalRanges ranges;
            static_cast<void>(ranges.add(pool.range()));
            return ranges;
        }();
        memory::page_pool().use(pool_ram);
        domain = domain::Domain::create({.id = DomainId{1}, .name = "one", .vgic = {.vcpus = 2}})
                     .value();
        other = domain::Domain::create({.id = DomainId{2}, .name = "two", .vgic = {}}).value();
        EXPECT_TRUE(domain->memory().map(GuestAddress{ram_start}, ram.range().start,
                                         ram.range().size, memory::Stage2Access::ram));
        for (auto& vcpu : domain->vcpus())
            vcpu.placed_on = CpuId{vcpu.id.value()};
        domain->start(GuestAddress{ram_start}, GuestAddress{});
        static_cast<void>(test::take_console_output());
    }

    /// The result in x0 of a call of the first vCPU.
    std::int64_t call(std::uint64_t number, std::uint64_t a0 = 0, std::uint64_t a1 = 0,
                      std::uint64_t a2 = 0)
    {
        registers.x[0] = a0;
        registers.x[1] = a1;
        registers.x[2] = a2;
        registers.x[16] = number;
        upcall::hypercall(domain->vcpus()[0], registers);
        return static_cast<std::int64_t>(registers.x[0]);
    }
    static constexpr std::int64_t is(Error error) { return -static_cast<std::int64_t>(error); }

    /// What is at an address of the guest's.
    template <typename T>
    T& at(std::uint64_t address)
    {
        return *reinterpret_cast<T*>(machine::map_physical(
            ram.range().start + (address - ram_start), sizeof(T), machine::MapAccess::read_write));
    }
    /// A call with a pointer to `request`, which gets what the hypervisor answers.
    template <typename T>
    std::int64_t call(std::uint64_t number, std::uint64_t command, T& request)
    {
        at<T>(argument) = request;
        const auto result = call(number, command, argument);
        request = at<T>(argument);
        return result;
    }
    template <typename T>
    std::int64_t event(std::uint64_t command, T request)
    {
        return call(__HYPERVISOR_event_channel_op, command, request);
    }
    std::int64_t share(std::uint64_t frame, std::uint64_t index = 0, domid_t whose = self,
                       unsigned space = XENMAPSPACE_shared_info)
    {
        xen_add_to_physmap request{
            .domid = whose, .size = 0, .space = space, .idx = index, .gpfn = frame};
        return call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, request);
    }

    static constexpr std::uint64_t argument = ram_start + 0x2ff8; // over a page's end
    static constexpr std::uint64_t info_page = ram_start + 0x8000;

    test::TestMachine& machine = test::new_machine(2);
    test::PhysicalMemory ram{1_MiB, 1_MiB};
    domain::Domain* domain = nullptr;
    domain::Domain* other = nullptr;
    machine::GuestRegisters registers{};
};

TEST_F(HypercallTest, unknown_calls_and_commands_are_not_implemented)
{
    for (const std::uint64_t number : {0ULL, 20ULL, 36ULL, 48ULL, 1ULL << 32 | 17, ~0ULL})
        EXPECT_EQ(call(number), is(Error::not_implemented)) << number;
    for (const int number :
         {__HYPERVISOR_event_channel_op, __HYPERVISOR_sched_op, __HYPERVISOR_memory_op,
          __HYPERVISOR_hvm_op, __HYPERVISOR_xen_version, __HYPERVISOR_console_io})
        EXPECT_EQ(call(static_cast<unsigned>(number), 63, argument), is(Error::not_implemented));
    EXPECT_EQ(call(__HYPERVISOR_vcpu_op, 63), is(Error::invalid));
}

TEST_F(HypercallTest, pointers_to_nothing_are_refused_and_change_nothing)
{
    for (const int command :
         {EVTCHNOP_send, EVTCHNOP_unmask, EVTCHNOP_close, EVTCHNOP_bind_vcpu, EVTCHNOP_bind_ipi,
          EVTCHNOP_alloc_unbound, EVTCHNOP_bind_interdomain, EVTCHNOP_status, EVTCHNOP_reset})
        for (const std::uint64_t pointer : {nowhere, ram_start + 1_MiB - 1, ~std::uint64_t{0}})
            EXPECT_EQ(call(__HYPERVISOR_event_channel_op, static_cast<unsigned>(command), pointer),
                      is(Error::bad_address));
    EXPECT_EQ(domain->events().status(Port{1})->raw(), 0U) << "no port was taken";
    EXPECT_EQ(call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, nowhere), is(Error::bad_address));
    EXPECT_EQ(call(__HYPERVISOR_hvm_op, HVMOP_get_param, nowhere), is(Error::bad_address));
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, nowhere), is(Error::bad_address));
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_poll, nowhere), is(Error::bad_address));
    EXPECT_EQ(call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, nowhere),
              is(Error::bad_address));
    EXPECT_EQ(call(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, nowhere),
              is(Error::bad_address));
    EXPECT_EQ(call(__HYPERVISOR_xen_version, XENVER_get_features, nowhere), is(Error::bad_address));
    EXPECT_EQ(call(__HYPERVISOR_console_io, CONSOLEIO_write, 5, nowhere), is(Error::bad_address));
}

TEST_F(HypercallTest, an_answer_that_cannot_be_written_is_asked_for_in_vain)
{
    machine.guest_translation = [](VirtualAddress address, machine::GuestAccess access) {
        return access == machine::GuestAccess::read
                   ? Result<GuestAddress>{GuestAddress{address.value()}}
                   : failure(Error::bad_address);
    };
    EXPECT_EQ(event(EVTCHNOP_bind_ipi, evtchn_bind_ipi{}), is(Error::bad_address));
    EXPECT_EQ(domain->events().status(Port{1})->raw(), 0U);
}

TEST_F(HypercallTest, the_guests_page_becomes_its_shared_info)
{
    EXPECT_EQ(share(info_page >> 12), 0);
    evtchn_bind_ipi ipi{.vcpu = 1, .port = 0};
    EXPECT_EQ(call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, ipi), 0);
    EXPECT_EQ(ipi.port, 1U);
    EXPECT_EQ(event(EVTCHNOP_send, evtchn_send{ipi.port}), 0);
    EXPECT_EQ(at<event::SharedInfo>(info_page).evtchn_pending[0], 0b10U);
    EXPECT_EQ(share(info_page >> 12), is(Error::busy));
}

TEST_F(HypercallTest, shared_info_is_a_page_of_the_guests_ram)
{
    EXPECT_EQ(share(nowhere >> 12), is(Error::invalid));
    EXPECT_EQ(share(~0ULL), is(Error::invalid));
    EXPECT_EQ(share(info_page >> 12 | 1ULL << 52), is(Error::invalid));
    EXPECT_EQ(share(info_page >> 12, 1), is(Error::invalid));
    EXPECT_EQ(share(info_page >> 12, 0, self, XENMAPSPACE_grant_table), is(Error::not_implemented));
    EXPECT_EQ(share(info_page >> 12, 0, 2), is(Error::not_permitted));
    EXPECT_EQ(share(info_page >> 12, 0, 3), is(Error::no_such_process));
    EXPECT_EQ(share(info_page >> 12, 0, 1), 0) << "its own number is as good as DOMID_SELF";
}

TEST_F(HypercallTest, a_channel_is_made_within_the_domain)
{
    evtchn_alloc_unbound unbound{.dom = self, .remote_dom = self, .port = 0};
    EXPECT_EQ(call(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, unbound), 0);
    evtchn_status status{};
    status.dom = self;
    status.port = unbound.port;
    EXPECT_EQ(call(__HYPERVISOR_event_channel_op, EVTCHNOP_status, status), 0);
    EXPECT_EQ(status.status, static_cast<unsigned>(EVTCHNSTAT_unbound));
    EXPECT_EQ(status.u.unbound.dom, 1U);
    evtchn_bind_interdomain bind{.remote_dom = 1, .remote_port = unbound.port, .local_port = 0};
    EXPECT_EQ(call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, bind), 0);
    EXPECT_EQ(event(EVTCHNOP_bind_vcpu, evtchn_bind_vcpu{bind.local_port, 1}), 0);
    status.port = bind.local_port;
    EXPECT_EQ(call(__HYPERVISOR_event_channel_op, EVTCHNOP_status, status), 0);
    EXPECT_EQ(status.status, static_cast<unsigned>(EVTCHNSTAT_interdomain));
    EXPECT_EQ(status.vcpu, 1U);
    EXPECT_EQ(status.u.interdomain.dom, 1U);
    EXPECT_EQ(status.u.interdomain.port, unbound.port);
    EXPECT_EQ(event(EVTCHNOP_close, evtchn_close{bind.local_port}), 0);
    EXPECT_EQ(event(EVTCHNOP_close, evtchn_close{bind.local_port}), is(Error::invalid));
    EXPECT_EQ(event(EVTCHNOP_reset, evtchn_reset{self}), 0);
    EXPECT_EQ(event(EVTCHNOP_send, evtchn_send{unbound.port}), is(Error::invalid));
    EXPECT_EQ(event(EVTCHNOP_unmask, evtchn_unmask{unbound.port}), 0);
    EXPECT_EQ(event(EVTCHNOP_unmask, evtchn_unmask{EventChannels::ports}), is(Error::invalid));
}

TEST_F(HypercallTest, other_domains_are_out_of_reach)
{
    const auto port = other->events().allocate_unbound(DomainId{1});
    ASSERT_TRUE(port);
    for (const auto& [id, error] : {std::pair{domid_t{2}, Error::not_permitted},
                                    std::pair{domid_t{0}, Error::no_such_process},
                                    std::pair{domid_t{0xffff}, Error::no_such_process}}) {
        EXPECT_EQ(event(EVTCHNOP_alloc_unbound, evtchn_alloc_unbound{self, id, 0}), is(error));
        EXPECT_EQ(event(EVTCHNOP_alloc_unbound, evtchn_alloc_unbound{id, self, 0}), is(error));
        EXPECT_EQ(event(EVTCHNOP_bind_interdomain, evtchn_bind_interdomain{id, port->value(), 0}),
                  is(error));
        evtchn_status status{};
        status.dom = id;
        EXPECT_EQ(event(EVTCHNOP_status, status), is(error));
        EXPECT_EQ(event(EVTCHNOP_reset, evtchn_reset{id}), is(error));
        xen_hvm_param parameter{.domid = id, .pad = 0, .index = HVM_PARAM_CALLBACK_IRQ, .value = 0};
        EXPECT_EQ(call(__HYPERVISOR_hvm_op, HVMOP_get_param, parameter), is(error));
    }
}

TEST_F(HypercallTest, a_vcpu_info_is_anywhere_in_a_page_but_over_its_end)
{
    const auto put = [&](unsigned vcpu, std::uint64_t frame, std::uint32_t offset) {
        at<vcpu_register_vcpu_info>(argument) = {.mfn = frame, .offset = offset, .rsvd = 0};
        return call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, vcpu, argument);
    };
    const auto frame = info_page >> 12;
    EXPECT_EQ(put(0, frame, 4), is(Error::invalid));
    EXPECT_EQ(put(0, frame, page_size - 40), is(Error::invalid));
    EXPECT_EQ(put(0, frame, ~7U), is(Error::invalid));
    EXPECT_EQ(put(0, nowhere >> 12, 0), is(Error::invalid));
    EXPECT_EQ(put(2, frame, 0), is(Error::no_entry));
    EXPECT_EQ(put(~0U, frame, 0), is(Error::no_entry));
    EXPECT_EQ(put(0, frame, page_size - 48), 0);
    EXPECT_EQ(put(0, frame, 0), is(Error::invalid));
    domain->power_on(VcpuId{1}, GuestAddress{ram_start}, 0);
    EXPECT_EQ(put(1, frame, 0), is(Error::invalid)) << "another one that runs";
}

TEST_F(HypercallTest, a_guest_reads_what_its_vcpus_did)
{
    constexpr std::uint64_t area = ram_start + 0x8fe8; // over a page's end
    std::array<std::byte, sizeof(vcpu_runstate_info)> bytes{};
    const auto told = [&] {
        for (unsigned n = 0; n < bytes.size(); ++n)
            bytes[n] = at<std::byte>(area + n);
        return std::bit_cast<vcpu_runstate_info>(bytes);
    };
    const auto ask = [&](unsigned vcpu, std::uint64_t where) {
        at<std::uint64_t>(argument) = where;
        return call(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, vcpu, argument);
    };
    sched::NullScheduler scheduler;
    ASSERT_TRUE(scheduler.add_cpu(CpuId{0}));
    auto& vcpu = domain->vcpus()[0];
    ASSERT_TRUE(scheduler.insert(vcpu));
    const auto tick = 1'000'000'000 / machine::ticks_per_second();

    const auto start = machine.now;
    machine.now = start + 7;
    EXPECT_EQ(scheduler.pick(CpuId{0}).unit, &vcpu);
    machine.now = start + 20;
    EXPECT_EQ(ask(0, area), 0);
    EXPECT_EQ(told().state, RUNSTATE_running);
    EXPECT_EQ(told().state_entry_time, 20 * tick);
    EXPECT_EQ(told().time[RUNSTATE_running], 13 * tick);
    EXPECT_EQ(told().time[RUNSTATE_runnable], 7 * tick);

    machine.now = start + 30;
    sched::has_cpu(vcpu);
    EXPECT_EQ(told().time[RUNSTATE_running], 23 * tick);
    EXPECT_EQ(ask(0, nowhere), is(Error::bad_address));
    EXPECT_EQ(ask(1, area), 0) << "another one, that is off";
    scheduler.remove(vcpu);
}

TEST_F(HypercallTest, parameters_tell_the_events_interrupt_and_that_there_is_no_store)
{
    xen_hvm_param request{.domid = self, .pad = 0, .index = HVM_PARAM_CALLBACK_IRQ, .value = 0};
    EXPECT_EQ(call(__HYPERVISOR_hvm_op, HVMOP_get_param, request), 0);
    EXPECT_EQ(request.value, 0x0200'0000'0000'021fU);
    for (const int index : {HVM_PARAM_STORE_PFN, HVM_PARAM_STORE_EVTCHN, HVM_PARAM_CONSOLE_PFN,
                            HVM_PARAM_CONSOLE_EVTCHN}) {
        request.index = static_cast<unsigned>(index);
        request.value = 7;
        EXPECT_EQ(call(__HYPERVISOR_hvm_op, HVMOP_get_param, request), 0);
        EXPECT_EQ(request.value, 0U);
        EXPECT_EQ(call(__HYPERVISOR_hvm_op, HVMOP_set_param, request), is(Error::not_permitted));
    }
    for (const std::uint32_t index : {3U, 28U, ~0U}) {
        request.index = index;
        EXPECT_EQ(call(__HYPERVISOR_hvm_op, HVMOP_get_param, request), is(Error::invalid));
    }
}

TEST_F(HypercallTest, a_domain_ends_by_shutdown_for_the_reason_it_gives)
{
    sched_shutdown request{.reason = SHUTDOWN_suspend};
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, request), is(Error::invalid));
    request.reason = ~0U;
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, request), is(Error::invalid));
    EXPECT_FALSE(domain->is_stopped());
    request.reason = SHUTDOWN_poweroff;
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, request), 0);
    EXPECT_TRUE(domain->is_stopped());
    EXPECT_NE(test::take_console_output().find("powered off"), std::string::npos);
    EXPECT_EQ(share(info_page >> 12), is(Error::busy)) << "nothing of its memory is used any more";
}

TEST_F(HypercallTest, a_vcpu_gives_its_cpu_away)
{
    auto& vcpu = domain->vcpus()[0];
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_yield), 0);
    EXPECT_EQ(vcpu.state, sched::Unit::State::runnable);
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_block), 0);
    EXPECT_EQ(vcpu.state, sched::Unit::State::blocked);
}

TEST_F(HypercallTest, polling_looks_at_its_ports)
{
    constexpr auto ports = info_page;
    sched_poll request{};
    request.ports.q = ports;
    request.nr_ports = 128;
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_poll, request), 0);
    request.nr_ports = 129;
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_poll, request), is(Error::invalid));
    request.nr_ports = 2;
    at<std::uint32_t>(ports + 4) = EventChannels::ports;
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_poll, request), is(Error::invalid));
    request.ports.q = nowhere;
    EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_poll, request), is(Error::bad_address));
}

TEST_F(HypercallTest, the_version_is_xens)
{
    EXPECT_EQ(call(__HYPERVISOR_xen_version, XENVER_version), 0x4'0011);
    EXPECT_EQ(call(__HYPERVISOR_xen_version, XENVER_pagesize), 4096);
    EXPECT_EQ(call(__HYPERVISOR_xen_version, XENVER_capabilities, info_page), 0);
    EXPECT_EQ((std::string{&at<char>(info_page)}), "xen-3.0-aarch64 ");
    EXPECT_EQ(call(__HYPERVISOR_xen_version, XENVER_extraversion, info_page), 0);
    EXPECT_EQ(at<char>(info_page), '.');
    xen_feature_info features{.submap_idx = 0, .submap = 0};
    EXPECT_EQ(call(__HYPERVISOR_xen_version, XENVER_get_features, features), 0);
    EXPECT_EQ(features.submap, 0x1'4005U);
    features.submap_idx = 1;
    EXPECT_EQ(call(__HYPERVISOR_xen_version, XENVER_get_features, features), 0);
    EXPECT_EQ(features.submap, 0U);
}

TEST_F(HypercallTest, a_long_text_is_written_in_pieces_by_repeating_the_call)
{
    const std::string text = std::string(150, 'x') + "\n";
    std::memcpy(&at<std::array<char, 256>>(info_page), text.data(), text.size());
    machine::set_guest_pc(0x1004);
    EXPECT_EQ(call(__HYPERVISOR_console_io, CONSOLEIO_write, text.size(), info_page), 0);
    unsigned repeated = 0;
    for (; machine::guest_pc() == 0x1000; ++repeated) {
        machine::set_guest_pc(0x1004);
        upcall::hypercall(domain->vcpus()[0], registers);
        EXPECT_EQ(registers.x[0], 0U);
    }
    EXPECT_EQ(repeated, 2U);
    EXPECT_NE(test::take_console_output().find("DOM1: " + text.substr(0, 150)), std::string::npos);
    EXPECT_EQ(call(__HYPERVISOR_console_io, CONSOLEIO_read, 10, info_page), 0);
}

} // namespace
} // namespace bulkhead
