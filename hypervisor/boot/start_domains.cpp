#include "boot/start_domains.hpp"

#include "base/log.hpp"
#include "boot/domain_placement.hpp"
#include "boot/static_channels.hpp"
#include "device/guest_layout.hpp"
#include "machine/cpu.hpp"
#include "machine/memory.hpp"

namespace bulkhead::boot {
namespace {

/// What is known of all domains: kept, for those that are restarted.
struct Plan {
    DomainDescriptions descriptions;
    AssignedDevices devices;
    FixedVector<DomainBuild, domain::Domain::most> built;
};

/// Reads and checks everything before anything is built.
void describe_domains(const devicetree::Tree& tree, HostResources& host,
                      std::span<const Occupied> occupied, Report& report, Plan& plan)
{
    auto& descriptions = plan.descriptions;
    const unsigned most_vcpus = gic_version(host.description) == device::GicVersion::v3
                                    ? device::guest_layout::gicv3_max_vcpus
                                    : device::guest_layout::gicv2_max_vcpus;
    read_domains(tree, {.cpus = machine::cpu_count(), .vcpus = most_vcpus}, descriptions, report);
    check_channels(tree, descriptions, report);
    check_modules(descriptions, host.description.memory, occupied, report);
    assign_devices(descriptions,
                   {.tree = tree,
                    .description = host.description,
                    .occupied = occupied,
                    .console_interrupt = host.console_interrupt,
                    .spis = host.spis},
                   plan.devices, report);
    place_vcpus(descriptions, machine::cpu_count(), report);
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
    auto& [descriptions, devices, built] = **plan;
    describe_domains(tree, host, occupied, report, **plan);
    host.devices = &devices;
    for (const auto& description : descriptions) {
        if (!description.is_wrong && built.push({description, host})) {
            if (built.back().create(host)) {
                attach_console(console, built.back().domain());
                bind_channels(tree, descriptions, description, built.back().domain().events());
                announce(description);
                continue;
            }
            built.pop();
        }
        if (host.options.panic_on_error)
            machine::halt("a domain cannot be built, and on-error=panic");
        log::error("domain {} ({}) is not started", description.id, description.name);
    }
    domain::machine_policy() = {.off_with_last_domain = !host.options.noreboot,
                                .stop_at_system_error = host.options.serrors_panic};
    console.start(host.options.console_switch, host.options.console_to_domain);
    machine::invalidate_instruction_caches();
    for (auto& build : built)
        build.start();
    return static_cast<unsigned>(built.size());
}

} // namespace bulkhead::boot
