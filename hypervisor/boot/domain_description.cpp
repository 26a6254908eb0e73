#include "boot/complaints.hpp"
#include "boot/static_memory.hpp"

#include "base/bits.hpp"
#include "base/text.hpp"
#include "device/guest_layout.hpp"

#include <algorithm>

namespace bulkhead::boot {
namespace {

using devicetree::BootModule;
using devicetree::Node;
using namespace literals;

/// SPIs of a GIC: INTIDs 32 to 1019.
constexpr unsigned most_spis = 988;

/// As many banks as a guest's tree has room for.
constexpr unsigned most_static_ranges = 16;

/// Read here, or without a meaning where every guest gets all it can.
constexpr std::string_view known_properties[] = {
    "compatible",
    "#address-cells",
    "#size-cells",
    "phandle",
    "linux,phandle",
    "memory",
    "cpus",
    "domain-cpupool",
    "direct-map",
    "xen,static-mem",
    "#xen,static-mem-address-cells",
    "#xen,static-mem-size-cells",
    "vpl011",
    "vpmu",
    "sve",
    "nr_spis",
    "passthrough",
    "trap-unmapped-accesses",
    "xen,enhanced",
    "bulkhead,name",
    "bulkhead,on-reset",
    "bulkhead,on-crash",
    "bulkhead,watchdog-ms",
    "xen,domain-p2m-mem-mb",
    "max_grant_version",
    "max_grant_frames",
    "max_maptrack_frames",
};

/// Xen's, and not to be had here: an error, unless it has the value that asks for nothing.
constexpr struct {
    std::string_view name;
    std::string_view neutral;
} unsupported_properties[] = {
    {"llc-colors", {}},
    {"v8r_el1_msa", {}},
    {"xen,sci_type", "none"},
    {"capabilities", "0"},
};

/// "0-2,5" as a set of CPUs below `count`.
std::optional<CpuMask> cpu_list(std::string_view list, unsigned count)
{
    CpuMask mask = 0;
    do {
        auto rest = text::split(list, ',');
        const bool is_range = rest.contains('-');
        const auto first = text::number(text::split(rest, '-'));
        const auto last = is_range ? text::number(rest) : first;
        if (!first || !last || *first > *last || *last >= count) return std::nullopt;
        mask |= bits(static_cast<unsigned>(*last), static_cast<unsigned>(*first));
    } while (!list.empty());
    return mask;
}

/// Reads one domain's node.
class DomainReader : Complaints {
public:
    DomainReader(DomainDescription& domain, DomainLimits limits, Report& report)
        : Complaints(domain, report), domain_(domain), node_(domain.node), limits_(limits)
    {
    }

    void read()
    {
        domain_.name = node_.string("bulkhead,name").value_or(node_.name());
        domain_.places = node_.has("direct-map") ? limits_.direct_places : limits_.places;
        domain_.vpl011 = node_.has("vpl011");
        domain_.vpmu = node_.has("vpmu");
        domain_.hard_affinity.fill(bits(limits_.cpus - 1, 0));
        check_properties();
        read_memory();
        read_static_memory();
        read_vcpus();
        read_vectors();
        read_spis();
        read_action("bulkhead,on-reset", domain_.on_reset);
        read_action("bulkhead,on-crash", domain_.on_crash);
        read_watchdog();
        read_enhanced();
        read_modules();
        read_access();
        for (const auto child : node_.children())
            read_child(child);
    }

private:
    void check_properties()
    {
        for (const auto property : node_.properties()) {
            const auto name = property.name();
            // cpu_pools.cpp knows these.
            if (name.starts_with("bulkhead,sched-")) continue;
            if (std::ranges::find(known_properties, name) != std::end(known_properties)) continue;
            const auto* const unsupported = std::ranges::find(
                unsupported_properties, name, [](const auto& entry) { return entry.name; });
            if (unsupported == std::end(unsupported_properties)) {
                const auto near = text::nearest(name, known_properties);
                report_.warning("{}: {} is unknown{}{}", node_.path(), name,
                                near.empty() ? "" : "; the nearest known property is ", near);
            } else if (unsupported->neutral.empty()) {
                wrong(node_, "{} is not supported; remove it", name);
            } else if (property.string() != unsupported->neutral &&
                       (!property.u32() || property.u32() != text::number(unsupported->neutral))) {
                wrong(node_, "{} is not supported; remove it or make it {}", name,
                      unsupported->neutral);
            }
        }
    }

    void read_memory()
    {
        constexpr auto most = device::guest_layout::ram[0].size + device::guest_layout::ram[1].size;
        const auto kib = node_.number("memory");
        if (!kib || *kib < page_size / 1_KiB) {
            wrong(node_, "memory has to be the guest's RAM in KiB, two cells: "
                         "memory = <0 0x20000> for 128 MiB");
        } else if (*kib > most / 1_KiB) {
            wrong(node_, "memory = {} MiB, but a guest has room for {} MiB", *kib / 1_KiB,
                  most / 1_MiB);
        } else {
            domain_.memory = align_down(*kib * 1_KiB, page_size);
        }
    }

    void read_static_memory()
    {
        std::uint64_t sum = 0;
        for (;; ++domain_.static_ranges) {
            const auto range = static_memory(node_, domain_.static_ranges);
            if (!range && range.error() == Error::no_entry) break;
            if (domain_.static_ranges == most_static_ranges)
                return wrong(node_, "xen,static-mem has more than {} ranges", most_static_ranges);
            if (!range)
                return wrong(node_,
                             "entry {} of xen,static-mem has to be the address and the size "
                             "of whole pages, in the cells of /chosen or those of "
                             "#xen,static-mem-address-cells and -size-cells",
                             domain_.static_ranges);
            sum += range->size;
        }
        if (domain_.static_ranges != 0 && domain_.memory != 0 && sum != domain_.memory)
            wrong(node_, "memory = {} KiB, but xen,static-mem has {} KiB; make both the same",
                  domain_.memory / 1_KiB, sum / 1_KiB);
        if (!domain_.places.direct_map) return;
        if (domain_.static_ranges == 0)
            wrong(node_,
                  "direct-map without xen,static-mem: say which memory of the host's it has");
        if (domain_.vpl011 && domain_.places.vpl011.size == 0)
            wrong(node_, "vpl011 with direct-map would be where Bulkhead's console is, which has "
                         "no page of its own with an interrupt; remove vpl011 or direct-map");
    }

    void read_vcpus()
    {
        const auto most = std::min<unsigned>(
            domain_.places.direct_map ? limits_.direct_vcpus : limits_.vcpus, max_cpus);
        const auto count = node_.u32("cpus");
        if (!count || *count == 0)
            wrong(node_, "cpus has to be the number of vCPUs: cpus = <1>");
        else if (*count > most)
            wrong(node_, "cpus = {}, but a domain has at most {} vCPUs here", *count, most);
        else
            domain_.vcpus = *count;
    }

    /// As Xen has it: the bits of the longest, 0 for none, no value for as many as there are.
    void read_vectors()
    {
        const auto sve = node_.property("sve");
        if (!sve || sve->u32() == 0U) return;
        domain_.sve_bits = sve->empty() ? limits_.sve_bits : sve->u32().value_or(1);
        if (limits_.sve_bits == 0)
            wrong(node_, "sve: not all CPUs have SVE; remove it");
        else if (domain_.sve_bits % 128 != 0 || domain_.sve_bits > limits_.sve_bits)
            wrong(node_,
                  "sve has to be the bits of a vector, a multiple of 128 up to {}, or empty "
                  "for all of them",
                  limits_.sve_bits);
    }

    void read_spis()
    {
        const auto count = node_.u32("nr_spis");
        if (!count && count.error() == Error::no_entry) return;
        const unsigned least = domain_.vpl011 ? domain_.places.vpl011_interrupt.value() - 31 : 0;
        if (!count || *count < least || *count > most_spis)
            wrong(node_, "nr_spis has to be a number of SPIs from {} to {}", least, most_spis);
        else
            domain_.nr_spis = *count;
    }

    void read_action(std::string_view property, domain::ShutdownAction& action)
    {
        if (!node_.has(property)) return;
        const auto text = node_.string(property).value_or("?");
        const auto* const found = std::ranges::find(domain::shutdown_action_names, text);
        if (found == std::end(domain::shutdown_action_names))
            wrong(node_, "{} = \"{}\" has to be \"restart\", \"stop\" or \"panic\"", property,
                  text);
        else
            action = domain::ShutdownAction(found - std::begin(domain::shutdown_action_names));
    }

    void read_watchdog()
    {
        if (!node_.has("bulkhead,watchdog-ms")) return;
        domain_.watchdog_ms = node_.u32("bulkhead,watchdog-ms").value_or(0);
        if (domain_.watchdog_ms == 0)
            wrong(node_, "bulkhead,watchdog-ms has to be a number of milliseconds, from 1 on");
    }

    /// Of what Xen has for guests that know it, there are events, but neither grants nor a store.
    void read_enhanced()
    {
        const auto value = node_.string("xen,enhanced");
        if (!value && value.error() == Error::no_entry) return;
        domain_.enhanced = value == "no-xenstore";
        if (!domain_.enhanced && value != "disabled")
            wrong(node_,
                  "xen,enhanced = \"{}\" is not supported: there is no xenstore; make it "
                  "\"no-xenstore\", for events, or \"disabled\"",
                  value.value_or(""));
    }

    void read_modules()
    {
        const auto modules = devicetree::read_boot_modules(node_, report_);
        if (!modules) {
            domain_.is_wrong = true;
            return;
        }
        bool has_kernel = false;
        for (const auto& module : *modules) {
            using Kind = BootModule::Kind;
            if (module.kind == Kind::kernel && !has_kernel) {
                domain_.kernel = module;
                has_kernel = true;
            } else if (module.kind == Kind::ramdisk && !domain_.ramdisk) {
                domain_.ramdisk = module;
            } else if (module.kind == Kind::device_tree && !domain_.device_tree) {
                domain_.device_tree = module;
            } else if (module.kind <= Kind::device_tree) {
                wrong(module.node, "the domain has such a module already; remove one");
            } else {
                report_.warning(
                    "{}: not a kernel, a ramdisk or a partial device tree; the module is not used",
                    module.node.path());
            }
        }
        if (!has_kernel) {
            wrong(node_, "the kernel is missing; add a node with compatible = "
                         "\"multiboot,kernel\", \"multiboot,module\" and reg");
        }
    }

    void read_access()
    {
        const auto trap = node_.u32("trap-unmapped-accesses");
        if (trap ? *trap > 1 : trap.error() != Error::no_entry)
            wrong(node_, "trap-unmapped-accesses has to be <0> (read ones) or <1> (abort)");
        domain_.ignores_unmapped = trap == 0U;

        const auto passthrough = node_.string("passthrough");
        if (passthrough ? *passthrough != "enabled" && *passthrough != "disabled"
                        : passthrough.error() != Error::no_entry)
            wrong(node_, "passthrough has to be \"enabled\" or \"disabled\"");
        else if (passthrough == "disabled" && domain_.device_tree)
            wrong(domain_.device_tree->node,
                  "passthrough = \"disabled\": remove this module, or the property");
    }

    void read_child(const Node& child)
    {
        if (!child.is_compatible("xen,vcpu") || domain_.vcpus == 0) return;
        const auto id = child.u32("id");
        if (!id || *id >= domain_.vcpus)
            return wrong(child, "id has to be a vCPU of the domain: 0 to {}", domain_.vcpus - 1);
        if (affinity_given_ & bit(*id))
            return wrong(child, "id = {} is another node's already", *id);
        affinity_given_ |= bit(*id);
        read_affinity(child, "hard-affinity", domain_.hard_affinity[*id]);
        CpuMask soft{};
        read_affinity(child, "soft-affinity", soft);
    }

    void read_affinity(const Node& child, std::string_view property, CpuMask& affinity)
    {
        const auto list = child.string(property);
        if (!list && list.error() == Error::no_entry) return;
        const auto mask = list ? cpu_list(*list, limits_.cpus) : std::nullopt;
        if (!mask)
            wrong(child, "{} = \"{}\" has to list CPUs from 0 to {}, as \"0-1,3\"", property,
                  list.value_or("?"), limits_.cpus - 1);
        else
            affinity = *mask;
    }

    DomainDescription& domain_;
    Node node_;
    DomainLimits limits_;
    std::uint64_t affinity_given_ = 0;
};

} // namespace

std::optional<Node> vcpu_node(const DomainDescription& domain, unsigned vcpu)
{
    for (const auto child : domain.node.children())
        if (child.is_compatible("xen,vcpu") && child.u32("id") == vcpu) return child;
    return std::nullopt;
}

CpuMask soft_affinity(const DomainDescription& domain, unsigned vcpu)
{
    const auto node = vcpu_node(domain, vcpu);
    const auto list = node ? node->string("soft-affinity") : failure(Error::no_entry);
    return list ? cpu_list(*list, max_cpus).value_or(all_cpus) : all_cpus;
}

void read_domains(const devicetree::Tree& tree, DomainLimits limits, DomainDescriptions& domains,
                  Report& report)
{
    const auto chosen = tree.at_path("/chosen");
    if (!chosen) return;
    for (const auto node : chosen->children()) {
        if (!node.is_compatible("xen,domain")) continue;
        if (!domains.push({})) {
            report.error("{}: there is room for {} domains; this one is not built", node.path(),
                         domains.capacity);
            continue;
        }
        auto& domain = domains.back();
        domain.node = node;
        domain.id = DomainId{static_cast<std::uint16_t>(domains.size())};
        DomainReader{domain, limits, report}.read();
    }
}

} // namespace bulkhead::boot
