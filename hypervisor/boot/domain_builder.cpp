#include "boot/domain_builder.hpp"

#include "base/bits.hpp"
#include "base/log.hpp"
#include "boot/cpu_pools.hpp"
#include "boot/domain_tree.hpp"
#include "boot/guest_ram.hpp"
#include "boot/gzip.hpp"
#include "boot/kernel_image.hpp"
#include "device/guest_layout.hpp"
#include "machine/memory.hpp"
#include "sched/scheduler.hpp"

#include <algorithm>

namespace bulkhead::boot {
namespace {

using namespace literals;
namespace layout = device::guest_layout;
using devicetree::BootModule;

/// The largest tree that the boot protocol allows, and the alignment of what is loaded.
constexpr std::uint64_t unit = 2_MiB;
/// Where the tree and the ramdisk go if the kernel ends below and they fit.
constexpr std::uint64_t preferred_offset = 128_MiB;

std::span<const std::byte> contents(const BootModule& module)
{
    const auto* start =
        machine::map_physical(module.range.start, module.range.size, machine::MapAccess::read_only);
    return {start, module.range.size};
}

std::uint64_t blocks(std::uint64_t size) { return align_up(size, unit); }

/// Device tree and ramdisk, in this order, after the kernel or, where that has no room, at the end
/// of the bank or below the kernel (xen-arm.md 2.2).
Result<void> place_tree_and_ramdisk(Placement& placement, layout::Window bank,
                                    std::uint64_t ramdisk_size)
{
    const auto size = unit + blocks(ramdisk_size);
    const auto preferred = bank.start + preferred_offset;
    const GuestAddress last{align_down(bank.end().value() - std::min(size, bank.size), unit)};
    if (placement.kernel_end <= preferred && preferred <= last)
        placement.device_tree = preferred;
    else if (size <= bank.size && last >= placement.kernel_end)
        placement.device_tree = last;
    else if (placement.kernel - bank.start >= size)
        placement.device_tree = GuestAddress{align_down((placement.kernel - size).value(), unit)};
    else
        return failure(Error::no_space);
    placement.ramdisk = placement.device_tree + unit;
    return {};
}

/// The first bank from a multiple of 2 MiB on, which is what an Image's text_offset is from.
layout::Window first_bank(const GuestRam& ram)
{
    const auto bank = ram.banks()[0];
    const GuestAddress start{align_up(bank.start.value(), unit)};
    return {start, start < bank.end() ? bank.end() - start : 0};
}

/// A gzipped kernel is first unpacked where it would be if it had no text_offset; what it says is
/// known only then.
Result<void> load_kernel(const DomainDescription& description, const GuestRam& ram,
                         Placement& placement)
{
    const auto bank = first_bank(ram);
    auto file = contents(description.kernel);
    const auto complain = [&](std::string_view what) {
        log::error("{}: {}", description.kernel.node.path().text(), what);
        return failure(Error::invalid);
    };

    std::span<std::byte> unpacked;
    if (is_gzip(file)) {
        const auto size = gunzipped_size(file);
        const auto space = size ? ram.at(bank.start, *size) : failure(Error::invalid);
        if (!space) return complain("the gzipped kernel does not fit into the domain's memory");
        const auto done = gunzip(file, *space);
        if (!done) return complain("the gzipped kernel is damaged");
        unpacked = space->first(*done);
        file = unpacked;
    }
    const auto image = read_kernel_image(file);
    if (!image)
        return complain("the kernel is neither an arm64 Image (magic 'ARM\\x64' at 0x38) nor "
                        "gzip of one");
    if (image->text_offset > bank.size || image->size > bank.size - image->text_offset) {
        log::error(
            "{}: the kernel needs {} MiB at offset {x}, but the first memory bank has {} MiB",
            description.kernel.node.path().text(), image->size >> 20, image->text_offset,
            bank.size >> 20);
        return failure(Error::no_space);
    }
    placement.kernel = bank.start + image->text_offset;
    placement.kernel_end = placement.kernel + image->size;
    if (!unpacked.empty()) {
        const auto place = ram.at(placement.kernel, unpacked.size());
        if (!place) return complain("the domain's memory is in too small pieces for the kernel");
        std::copy_backward(unpacked.begin(), unpacked.end(), place->end());
        machine::clean_data_cache(place->data(), place->size());
        machine::clean_data_cache(unpacked.data(), unpacked.size());
        return {};
    }
    return ram.copy(placement.kernel, file);
}

Result<void> load_tree(const DomainDescription& description, const HostResources& host,
                       const GuestRam& ram, const Placement& placement)
{
    auto space = ram.at(placement.device_tree, unit);
    if (!space) return failure(space.error());
    const auto& processors = host.description.processors;
    std::optional<layout::Window> ramdisk;
    if (description.ramdisk)
        ramdisk = layout::Window{placement.ramdisk, description.ramdisk->range.size};
    const auto tree = write_domain_tree(
        {
            .memory = ram.banks(),
            .ramdisk = ramdisk,
            .bootargs = description.kernel.bootargs,
            .vcpus = description.vcpus,
            .gic = gic_version(host.description),
            .places = description.places,
            .vpl011 = description.vpl011,
            .watchdog = description.watchdog_ms != 0,
            .pmu = description.vpmu ? host.description.pmu_interrupt : std::nullopt,
            .enhanced = description.enhanced,
            .cpu_compatible = processors.compatible,
            .cpu_clock_frequency = processors.clock_frequency,
            .timer_clock_frequency = host.description.timer.clock_frequency,
            .devices = description.devices,
            .domain = &description,
            .shared = host.shared,
        },
        *space);
    if (!tree) return failure(tree.error());
    machine::clean_data_cache(tree->data(), tree->size());
    return {};
}

Result<void> place_vcpus_on_cpus(const DomainDescription& description, domain::Domain& domain)
{
    for (auto& vcpu : domain.vcpus()) {
        const auto id = vcpu.id.value();
        const auto cpu = description.cpus[id];
        vcpu.placed_on = cpu;
        vcpu.hard_affinity = description.hard_affinity[id];
        auto& scheduler = sched::scheduler_of(cpu);
        const bool shares = description.scheduler != sched::Kind::null;
        if (shares) vcpu.soft_affinity = soft_affinity(description, id);
        if (auto placed = scheduler.insert(vcpu); !placed) return placed;
        if (!shares) continue;
        if (auto given = scheduler.adjust(vcpu, parameters_of(description, id)); !given)
            return given;
    }
    return {};
}

/// SPIs in whole banks of 32, with the UART's among them.
unsigned spi_count(const DomainDescription& description, const HostResources& host)
{
    const unsigned least =
        description.vpl011 ? description.places.vpl011_interrupt.value() - 31 : 0;
    return align_up(std::max(description.nr_spis.value_or(host.spis), least), 32);
}

Result<domain::Domain*> create_domain(const DomainDescription& description, HostResources& host)
{
    const auto& timer = host.description.timer;
    auto domain = domain::Domain::create({
        .id = description.id,
        .name = description.name,
        .vgic = {.version = gic_version(host.description),
                 .vcpus = description.vcpus,
                 .spis = spi_count(description, host)},
        .places = description.places,
        .has_vpl011 = description.vpl011,
        .wait = host.options.vwfi,
        .has_pmu = description.vpmu,
        .sve_bits = description.sve_bits,
        .pmu_interrupt = host.description.pmu_interrupt,
        .ignores_unmapped = description.ignores_unmapped,
        .timer_interrupts = {timer.virtual_, timer.physical},
        .on_reset = description.on_reset,
        .on_crash = description.on_crash,
        .watchdog_ms = description.watchdog_ms,
    });
    if (!domain) return domain;
    if (gic_version(host.description) == device::GicVersion::v2) {
        // Without the second page: GICV_DIR traps. The hardware ends what is in a list register,
        // and only EL2 knows what else is active. On GICv3 that is ICH_HCR_EL2.TDIR, when needed.
        auto mapped =
            (*domain)->memory().map(description.places.cpus.start, host.virtual_cpu_interface,
                                    page_size, memory::Stage2Access::device);
        if (!mapped) return failure(mapped.error());
    }
    for (const auto& shared : host.shared) {
        if (shared.domain != &description) continue;
        auto mapped = (*domain)->memory().map(shared.guest, shared.host.start, shared.host.size,
                                              memory::Stage2Access::ram);
        if (!mapped) return failure(mapped.error());
    }
    if (host.devices != nullptr)
        if (auto attached = attach_devices(*host.devices, description, **domain); !attached)
            return failure(attached.error());
    return domain;
}

} // namespace

device::GicVersion gic_version(const devicetree::HostDescription& host)
{
    return host.interrupt_controller.version == devicetree::GicVersion::v3 ? device::GicVersion::v3
                                                                           : device::GicVersion::v2;
}

bool DomainBuild::complain(std::string_view what) const
{
    log::error("{}: {}", description_->node.path().text(), what);
    return false;
}

bool DomainBuild::create(HostResources& host)
{
    auto domain = create_domain(*description_, host);
    if (!domain) return complain("no memory for the hypervisor's own tables");
    domain_ = *domain;
    if (!ram_.allocate(*description_, host.free_ram, domain_->memory()))
        return complain("the free memory is in too many pieces for the domain's");
    ram_.open();
    if (host.options.bootscrub) ram_.scrub(true);
    if (!fill()) return false;
    if (!place_vcpus_on_cpus(*description_, *domain_)) return complain("its CPUs are taken");
    if (!domain::add_domain(*domain_)) return complain("there are too many domains");
    domain_->set_rebuild(Callback<bool()>::to<&DomainBuild::rebuild>(*this));
    return true;
}

bool DomainBuild::fill()
{
    if (!load_kernel(*description_, ram_, placement_)) return false;
    const auto ramdisk_size = description_->ramdisk ? description_->ramdisk->range.size : 0;
    if (!place_tree_and_ramdisk(placement_, first_bank(ram_), ramdisk_size))
        return complain("kernel, device tree and ramdisk do not fit into its memory: give it more");
    if (description_->ramdisk && !ram_.copy(placement_.ramdisk, contents(*description_->ramdisk)))
        return complain("the ramdisk does not fit into its memory");
    if (!load_tree(*description_, *host_, ram_, placement_))
        return complain("its device tree cannot be written");
    ram_.close();
    machine::flush_guest_translations(domain_->memory().vmid(), domain_->memory().root());
    return true;
}

void DomainBuild::start() { domain_->start(placement_.kernel, placement_.device_tree); }

/// What the guest's caches held of its old memory must not come out over the new.
bool DomainBuild::rebuild()
{
    ram_.open();
    ram_.scrub(host_->options.bootscrub);
    if (!fill()) return false;
    start();
    return true;
}

} // namespace bulkhead::boot
