#include "system_tree.hpp"

#include "byte_size.hpp"

#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

/// What a boot loader or an emulator left in /chosen for another operating system.
constexpr const char* foreign_chosen_properties[] = {"bootargs", "linux,initrd-start",
                                                     "linux,initrd-end", "kaslr-seed", "rng-seed"};

void describe_memory(DeviceTree& tree, const SystemPlan& plan)
{
    if (kind_of(plan.description.machine) == MachineKind::board) return; // its tree is right
    std::vector<std::string> nodes;
    for (const std::string& node : tree.children("/"))
        if (tree.text(node, "device_type") == "memory") nodes.push_back(node);
    for (const std::string& node : nodes)
        tree.remove_node(node);
    const std::string node = fmt::format("/memory@{:x}", plan.machine.ram.front().start);
    tree.add_node(node);
    tree.set_text(node, "device_type", "memory");
    tree.set_reg(node, plan.machine.ram);
}

std::string module_compatible(ImageRole role)
{
    switch (role) {
    case ImageRole::kernel: return "multiboot,kernel";
    case ImageRole::ramdisk: return "multiboot,ramdisk";
    case ImageRole::device_tree: break;
    }
    return "multiboot,device-tree";
}

void add_module(DeviceTree& tree, const std::string& domain_node, const PlacedImage& placed,
                const std::optional<Given<std::string>>& cmdline)
{
    const std::string node = fmt::format("{}/module@{:x}", domain_node, placed.place.start);
    tree.add_node(node);
    const std::string compatible[] = {module_compatible(placed.image.role), "multiboot,module"};
    tree.set_texts(node, "compatible", compatible);
    tree.set_reg(node, {&placed.place, 1});
    if (placed.image.role == ImageRole::kernel && cmdline)
        tree.set_text(node, "bootargs", cmdline->value);
}

void add_vcpu(DeviceTree& tree, const std::string& domain_node, std::size_t vcpu, std::uint32_t cpu)
{
    const std::string node = fmt::format("{}/vcpu@{}", domain_node, vcpu);
    tree.add_node(node);
    tree.set_text(node, "compatible", "xen,vcpu");
    tree.set_cell(node, "id", static_cast<std::uint32_t>(vcpu));
    tree.set_text(node, "hard-affinity", std::to_string(cpu));
}

/// A number that no node of the machine's has: theirs are small.
std::uint32_t phandle_of(std::size_t channel, std::size_t end)
{
    return static_cast<std::uint32_t>(0xb000'0000U + 2 * channel + end);
}

/// The domain's ends of event channels. Is there one?
bool add_channels(DeviceTree& tree, const std::string& domain_node,
                  const std::vector<ChannelDescription>& channels, const std::string& domain)
{
    bool has_one = false;
    for (std::size_t channel = channels.size(); channel-- > 0;)
        for (const std::size_t end : {1U, 0U}) {
            const auto& [name, port] = channels[channel].ends.at(end);
            if (name.value != domain) continue;
            has_one = true;
            const std::string node = fmt::format("{}/evtchn@{:x}", domain_node, port.value);
            tree.add_node(node);
            tree.set_text(node, "compatible", "xen,evtchn-v1");
            tree.set_cell(node, "phandle", phandle_of(channel, end));
            tree.set_number64(node, "xen,evtchn",
                              std::uint64_t{port.value} << 32U | phandle_of(channel, 1 - end));
        }
    return has_one;
}

void add_shared_memory(DeviceTree& tree, const std::string& domain_node,
                       const SharedMemoryDescription& shared, const std::string& domain)
{
    for (std::size_t index = shared.domains.value.size(); index-- > 0;) {
        if (shared.domains.value[index] != domain) continue;
        const std::uint64_t address = shared.addresses.value[index];
        const std::string node = fmt::format("{}/shared-memory@{:x}", domain_node, address);
        tree.add_node(node);
        tree.set_text(node, "compatible", "xen,domain-shared-memory-v1");
        tree.set_text(node, "xen,shm-id", shared.name.value);
        if (shared.owner)
            tree.set_text(node, "role", shared.owner->value == domain ? "owner" : "borrower");
        std::vector<std::uint64_t> numbers{address, shared.size.value};
        if (shared.host_address) numbers.insert(numbers.begin(), shared.host_address->value);
        tree.set_numbers64(node, "xen,shared-mem", numbers);
    }
}

void add_domain(DeviceTree& tree, const SystemPlan& plan, std::size_t index)
{
    const DomainDescription& domain = plan.description.domains[index];
    const std::string node = fmt::format("/chosen/domU{}", index + 1);
    tree.add_node(node);
    tree.set_text(node, "compatible", "xen,domain");
    tree.set_text(node, "bulkhead,name", domain.name.value);
    tree.set_cell(node, "#address-cells", 2);
    tree.set_cell(node, "#size-cells", 2);
    tree.set_number64(node, "memory", domain.memory.value / kibibyte);
    tree.set_cell(node, "cpus", domain.vcpus.value);
    if (domain.vpl011.value) tree.set_flag(node, "vpl011");
    if (domain.vpmu) tree.set_flag(node, "vpmu");
    if (domain.sve) tree.set_cell(node, "sve", domain.sve->value);
    if (domain.direct_map && domain.direct_map->value) tree.set_flag(node, "direct-map");
    if (domain.static_memory) {
        std::vector<std::uint64_t> numbers;
        for (const MemoryRange& range : domain.static_memory->value)
            numbers.insert(numbers.end(), {range.start, range.size});
        tree.set_numbers64(node, "xen,static-mem", numbers);
    }
    if (domain.nr_spis) tree.set_cell(node, "nr_spis", domain.nr_spis->value);
    if (domain.on_reset) tree.set_text(node, "bulkhead,on-reset", domain.on_reset->value);
    if (domain.on_crash) tree.set_text(node, "bulkhead,on-crash", domain.on_crash->value);
    if (domain.watchdog_ms) tree.set_cell(node, "bulkhead,watchdog-ms", domain.watchdog_ms->value);
    const bool has_channel = add_channels(tree, node, plan.description.channels, domain.name.value);
    if (domain.enhanced || has_channel) tree.set_text(node, "xen,enhanced", "no-xenstore");
    for (const SharedMemoryDescription& shared : plan.description.shared_memory)
        add_shared_memory(tree, node, shared, domain.name.value);
    for (const PlacedImage& placed : plan.images)
        if (placed.image.domain == index) add_module(tree, node, placed, domain.cmdline);
    if (domain.cpus)
        for (std::size_t vcpu = 0; vcpu < domain.cpus->value.size(); ++vcpu)
            add_vcpu(tree, node, vcpu, domain.cpus->value[vcpu]);
}

} // namespace

void describe_system(DeviceTree& tree, const SystemPlan& plan, const std::string& bootargs)
{
    describe_memory(tree, plan);
    if (!tree.has_node("/chosen")) tree.add_node("/chosen");
    for (const char* property : foreign_chosen_properties)
        tree.remove_property("/chosen", property);
    for (const std::string& node : tree.children("/chosen"))
        tree.remove_node(node);
    tree.set_cell("/chosen", "#address-cells", 2);
    tree.set_cell("/chosen", "#size-cells", 2);
    tree.set_text("/chosen", "xen,xen-bootargs", bootargs);
    // libfdt adds a node before its siblings, and domain numbers follow the order of nodes.
    for (std::size_t index = plan.description.domains.size(); index > 0; --index)
        add_domain(tree, plan, index - 1);
}

} // namespace bulkhead::tool
