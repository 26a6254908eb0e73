#include "boot/start_domains.hpp"

#include "base/bits.hpp"
#include "base/log.hpp"
#include "boot/cpu_pools.hpp"
#include "boot/domain_placement.hpp"
#include "boot/static_channels.hpp"
#include "device/guest_layout.hpp"
#include "machine/cpu.hpp"
#include "machine/memory.hpp"

namespace bulkhead::boot {
namespace {

namespace layout = device::guest_layout;

/// What is known of all domains: kept, for those that are restarted.
struct Plan {
    DomainDescriptions descriptions;
    PoolDescriptions pools;
    AssignedDevices devices;
    SharedMemories shared;
    FixedVector<DomainBuild*, domain::Domain::most> built;
};

/// Where the host has what guests have as well: their places with direct-map.
layout::Places direct_places(const HostResources& host)
{
    const auto& gic = host.description.interrupt_controller;
    const auto at = [](PhysicalAddress address) { return GuestAddress{address.value()}; };
    auto places = layout::gicv3_places;
    if (gic_version(host.description) == device::GicVersion::v2) {
        places = layout::gicv2_places;
        // Where its two pages adjoin, as the guest's, which is built alike.
        places.cpus.start = at(gic.cpu_interface.start +
                               (host.virtual_cpu_interface - gic.virtual_cpu_interface.start));
    } else if (!gic.redistributors.empty()) {
        places.cpus = {at(gic.redistributors[0].start), gic.redistributors[0].size};
    }
    places.distributor.start = at(gic.distributor.start);
    places.direct_map = true;
    places.vpl011.size = 0;
    const auto& console = host.console;
    if (console && console->interrupt && is_aligned(console->registers.start.value(), page_size) &&
        console->registers.size >= layout::vpl011.size) {
        places.vpl011 = {at(console->registers.start), layout::vpl011.size};
        places.vpl011_interrupt = console->interrupt->intid;
    }
    return places;
}

DomainLimits limits_of(const HostResources& host)
{
    DomainLimits limits{.cpus = machine::cpu_count(),
                        .vcpus = layout::gicv2_max_vcpus,
                        .direct_vcpus = layout::gicv2_max_vcpus,
                        .sve_bits = host.sve_bits,
                        .places = layout::gicv2_places,
                        .direct_places = direct_places(host)};
    if (gic_version(host.description) == device::GicVersion::v2) return limits;
    limits.vcpus = layout::gicv3_max_vcpus;
    limits.direct_vcpus =
        static_cast<unsigned>(limits.direct_places.cpus.size / layout::gicv3_redistributor_size);
    limits.places = layout::gicv3_places;
    return limits;
}

/// Reads and checks everything before anything is built.
void describe_domains(const devicetree::Tree& tree, HostResources& host,
                      std::span<const Occupied> occupied, Report& report, Plan& plan)
{
    auto& descriptions = plan.descriptions;
    read_domains(tree, limits_of(host), descriptions, report);
    check_channels(tree, descriptions, report);
    read_shared_memory(descriptions, host.free_ram, plan.shared, report);
    check_claims(descriptions, plan.shared, host.description.memory, occupied, report);
    std::optional<Intid> console_interrupt;
    if (host.console && host.console->interrupt) console_interrupt = host.console->interrupt->intid;
    assign_devices(descriptions,
                   {.tree = tree,
                    .description = host.description,
                    .occupied = occupied,
                    .shared = plan.shared,
                    .console_interrupt = console_interrupt,
                    .spis = host.spis},
                   plan.devices, report);
    read_pools(tree, host.description.processors, machine::cpu_count(), host.options.scheduler,
               descriptions, plan.pools, report);
    for (unsigned n = 0; n < plan.pools.size(); ++n)
        (plan.pools[n].kind == sched::Kind::null ? place_vcpus : spread_vcpus)(
            descriptions, n, plan.pools[n].cpus, report);
    check_memory(descriptions, host.free_ram.total(), report);
    report.print();
}

void attach_console(device::ConsoleMux& console, domain::Domain& domain)
{
    auto* uart = domain.vpl011();
    if (uart != nullptr)
        console.attach(domain.console(), Callback<void(char)>::to<&device::Vpl011::receive>(*uart),
                       Callback<void()>::to<&device::Vpl011::transmit_again>(*uart));
}

void announce(const DomainDescription& description)
{
    log::info("domain {} ({}): {} MiB, {} vCPUs from CPU {} on", description.id, description.name,
              description.memory >> 20, description.vcpus, description.cpus[0]);
}

} // namespace

unsigned start_domains(const devicetree::Tree& tree, HostResources& host,
                       std::span<const Occupied> occupied, device::ConsoleMux& console,
                       Report& report)
{
    const auto plan = memory::page_pool().create<Plan>();
    if (!plan) machine::halt("no memory to describe the domains in");
    auto& [descriptions, pools, devices, shared, built] = **plan;
    describe_domains(tree, host, occupied, report, **plan);
    start_pools(tree, descriptions, pools, host.options.sched);
    host.devices = &devices;
    host.shared = shared;
    if (host.options.bootscrub) clear_shared_memory(shared);
    for (const auto& description : descriptions) {
        const auto build = description.is_wrong
                               ? failure(Error::invalid)
                               : memory::page_pool().create<DomainBuild>(description, host);
        if (build && (*build)->create(host) && built.push(*build)) {
            auto& domain = (*build)->domain();
            attach_console(console, domain);
            bind_channels(tree, descriptions, description, domain.events());
            announce(description);
            continue;
        }
        if (host.options.panic_on_error)
            machine::halt("a domain cannot be built, and on-error=panic");
        log::error("domain {} ({}) is not started", description.id, description.name);
    }
    domain::machine_policy() = {.off_with_last_domain = !host.options.noreboot,
                                .stop_at_system_error = host.options.serrors_panic};
    console.start(host.options.console_switch, host.options.console_to_domain);
    machine::invalidate_instruction_caches();
    for (auto* const build : built)
        build->start();
    return static_cast<unsigned>(built.size());
}

} // namespace bulkhead::boot
