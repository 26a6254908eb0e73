#include "boot/device_assignment.hpp"

#include "base/bits.hpp"
#include "boot/complaints.hpp"
#include "boot/domain_tree.hpp"
#include "devicetree/interrupt.hpp"
#include "machine/memory.hpp"

#include <algorithm>

namespace bulkhead::boot {
namespace {

using devicetree::Node;
using memory::PhysicalRange;
namespace layout = device::guest_layout;

/// Devices that only ever answer. Any other is taken for one that accesses memory by itself: too
/// many warnings are better than one too few.
constexpr std::string_view passive_devices[] = {
    "arm,pl011",
    "arm,pl031",
    "arm,pl061",
    "arm,sp804",
    "arm,sp805",
    "cdns,uart-r1p8",
    "cdns,i2c-r1p10",
    "cdns,uart-r1p12",
    "cdns,i2c-r1p14",
    "cdns,spi-r1p6",
    "cdns,ttc",
    "cdns,wdt-r1p2",
    "xlnx,zynqmp-gpio-1.0",
    "ns16550a",
};

bool may_access_memory(const Node& device)
{
    return std::ranges::none_of(passive_devices,
                                [&](auto known) { return device.is_compatible(known); });
}

/// Reads one domain's partial tree.
class DeviceReader : Complaints {
public:
    DeviceReader(DomainDescription& domain, const devicetree::BootModule& module,
                 const HostDevices& host, AssignedDevices& devices, Report& report)
        : Complaints(domain, report), domain_(domain), module_(module.node), range_(module.range),
          host_(host), devices_(devices)
    {
    }

    void read()
    {
        const auto* const start =
            machine::map_physical(range_.start, range_.size, machine::MapAccess::read_only);
        using devicetree::NodeTable;
        auto& pool = memory::page_pool();
        const auto room = pool.create_array<NodeTable::Entry>(NodeTable::sufficient(range_.size));
        const auto nodes = room ? pool.create<NodeTable>(*room) : failure(room.error());
        const auto tree =
            nodes ? devicetree::Tree::open({start, range_.size}, **nodes) : failure(nodes.error());
        if (!tree)
            return wrong(module_,
                         "reg = {} is no device tree of at most 2 MiB, at a multiple of 8 "
                         "and complete within the module",
                         range_.start);
        domain_.devices = *tree;
        const auto top = tree->at_path("/passthrough");
        if (!top)
            report_.warning("{}: the partial tree has no node /passthrough: it hands over nothing",
                            module_.path());
        for (auto node = top; node; node = node->next(*top))
            read_device(*node);
        const auto phandle = gic_phandle_of(domain_.devices);
        if (const auto other = tree->with_phandle(phandle); other && other->name() != "gic")
            wrong_in(module_, *other,
                     "phandle = {} is that of the guest's interrupt controller; give "
                     "the node another",
                     phandle);
        if (!active_device_.empty())
            report_.warning("{}: NO DMA ISOLATION: {} may access memory by itself, and no IOMMU "
                            "keeps domain {} ({}) out of all other memory with it",
                            module_.path(), active_device_, domain_.id, domain_.name);
    }

private:
    void read_device(const Node& node)
    {
        const auto registers = node.property("xen,reg");
        const auto path = node.property("xen,path");
        const bool forced = node.has("xen,force-assign-without-iommu");
        if (path && !registers)
            wrong_in(module_, node,
                     "xen,path without xen,reg: say where the device's registers are");
        if (registers && !path && !forced)
            wrong_in(module_, node,
                     "xen,reg without xen,path: name the host's node, or add "
                     "xen,force-assign-without-iommu");
        if (registers) read_registers(node, *registers);
        if (path) read_host_node(node, path->string().value_or("?"), forced);
        if (registers && !path && active_device_.empty()) active_device_ = node.name();
    }

    void read_registers(const Node& node, const devicetree::Property& list)
    {
        const auto parent = node.parent();
        const std::uint64_t address_cells = parent ? parent->address_cells() : 0;
        const std::uint64_t size_cells = parent ? parent->size_cells() : 0;
        const auto entry = 2 * address_cells + size_cells;
        std::uint64_t at = 0;
        for (; entry != 0 && at + entry <= list.cell_count(); at += entry) {
            const auto start = list.cells(at, address_cells);
            const auto size = list.cells(at + address_cells, size_cells);
            const auto guest = list.cells(at + address_cells + size_cells, address_cells);
            if (!start || !size || !guest) break;
            add_registers(node, {&domain_, GuestAddress{*guest}, {PhysicalAddress{*start}, *size}});
        }
        if (at == 0 || at * 4 != list.value().size())
            wrong_in(module_, node,
                     "xen,reg has to list <host-address size guest-address> in {}, {} "
                     "and {} cells, at most 2 each",
                     address_cells, size_cells, address_cells);
    }

    void add_registers(const Node& node, const AssignedRegisters& wanted)
    {
        const auto& host = wanted.host;
        const layout::Window guest{wanted.guest, host.size};
        const auto refuse = [&](std::string_view why, std::string_view by = {}) {
            wrong_in(module_, node, "xen,reg = {} to {} at the guest's {}: {}{}", host.start,
                     host.end(), guest.start, why, by);
        };
        const auto limit = bit(memory::Stage2Map::address_bits());
        const auto all = host.start.value() | host.size | guest.start.value();
        if (host.size == 0 || !is_aligned(all, page_size))
            return refuse("has to be whole pages of 4 KiB");
        if (host.size > limit || host.start.value() > limit - host.size ||
            guest.start.value() > limit - host.size)
            return refuse("ends beyond the addresses that there are");

        for (const auto& ram : host_.description.memory.ram.all())
            if (overlap(host, ram)) return refuse("is RAM of the host");
        for (const auto& other : host_.occupied)
            if (overlap(host, other.range)) return refuse("overlaps ", other.by);
        if (is_interrupt_controllers(host)) return refuse("overlaps the host's GIC");
        if (is_guests_own(domain_, guest))
            return refuse("the guest has its RAM, GIC or UART there");
        if (is_shared(host_.shared, domain_, guest))
            return refuse("the guest has shared memory there");
        for (const auto& other : devices_.registers) {
            const bool own = other.domain == &domain_;
            if (own && other.guest == guest.start && other.host == host) return;
            if (own && overlap(guest, {other.guest, other.host.size}))
                return refuse("the guest has another device there");
            if (!own && overlap(host, other.host))
                return refuse("belongs to ", other.domain->node.path());
        }
        if (!devices_.registers.push(wanted)) refuse("there is no room to note so many devices");
    }

    [[nodiscard]] bool is_interrupt_controllers(PhysicalRange range) const
    {
        const auto& gic = host_.description.interrupt_controller;
        const auto hit = [&](PhysicalRange part) { return overlap(range, part); };
        return hit(gic.distributor) || hit(gic.cpu_interface) || hit(gic.virtual_control) ||
               hit(gic.virtual_cpu_interface) || std::ranges::any_of(gic.redistributors, hit);
    }

    /// Registers are what xen,reg says; the node of the host has the interrupts.
    void read_host_node(const Node& node, std::string_view path, bool forced)
    {
        const auto device = host_.tree.at_path(path);
        if (!device)
            return wrong_in(module_, node, "xen,path = \"{}\": the host's tree has no such node",
                            path);
        if (!forced)
            wrong_in(module_, node,
                     "xen,path = \"{}\": no IOMMU keeps this device to the domain's "
                     "memory; accept that with xen,force-assign-without-iommu",
                     path);
        for (std::size_t index = 0;; ++index) {
            const auto line = devicetree::interrupt(host_.tree, *device, index);
            if (line)
                add_interrupt(node, path, line->intid);
            else if (line.error() != Error::invalid)
                break; // no more, or another controller's: that one's driver deals with it
            else
                return wrong_in(module_, node,
                                "xen,path = \"{}\": entry {} of its interrupts there is "
                                "no interrupt of a GIC",
                                path, index);
        }
        if (active_device_.empty() && may_access_memory(*device)) active_device_ = path;
    }

    void add_interrupt(const Node& node, std::string_view path, Intid intid)
    {
        const auto refuse = [&](std::string_view why, std::string_view by = {}) {
            wrong_in(module_, node, "xen,path = \"{}\": its interrupt {} {}{}", path, intid, why,
                     by);
        };
        if (intid < Intid{32}) return refuse("is a CPU's own and cannot be assigned");
        const auto spi = intid.value() - 32;
        if (spi >= host_.spis) return refuse("is not one that the host's GIC has");
        if (domain_.nr_spis && spi >= *domain_.nr_spis)
            return wrong_in(module_, node,
                            "xen,path = \"{}\": nr_spis = {} leaves out its interrupt; "
                            "make it at least {}",
                            path, *domain_.nr_spis, spi + 1);
        if (intid == host_.console_interrupt) return refuse("is that of Bulkhead's console");
        if (domain_.vpl011 && intid == domain_.places.vpl011_interrupt)
            return refuse("is that of the domain's vpl011; remove vpl011");
        for (const auto& other : devices_.interrupts) {
            if (other.intid != intid) continue;
            if (other.domain == &domain_) return;
            return refuse("belongs to ", other.domain->node.path());
        }
        if (!devices_.interrupts.push({&domain_, intid}))
            refuse("is one more than there is room to note");
    }

    DomainDescription& domain_;
    Node module_;
    PhysicalRange range_;
    const HostDevices& host_;
    AssignedDevices& devices_;
    /// The first that may access memory by itself.
    std::string_view active_device_;
};

} // namespace

void assign_devices(DomainDescriptions& domains, const HostDevices& host, AssignedDevices& devices,
                    Report& report)
{
    for (auto& domain : domains)
        if (!domain.is_wrong && domain.device_tree)
            DeviceReader{domain, *domain.device_tree, host, devices, report}.read();
}

Result<void> attach_devices(const AssignedDevices& devices, const DomainDescription& description,
                            domain::Domain& domain)
{
    for (const auto& registers : devices.registers) {
        if (registers.domain != &description) continue;
        if (auto mapped = domain.memory().map(registers.guest, registers.host.start,
                                              registers.host.size, memory::Stage2Access::device);
            !mapped)
            return mapped;
    }
    for (const auto& [owner, intid] : devices.interrupts) {
        if (owner != &description) continue;
        domain::give_interrupt(intid, domain);
        domain.vgic().link_shared(intid, intid);
    }
    return {};
}

} // namespace bulkhead::boot
