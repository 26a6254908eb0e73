#include "system_tree.hpp"

#include "byte_size.hpp"
#include "failure.hpp"
#include "schedule_plan.hpp"

#include <algorithm>
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

/// Numbers that no node of the machine's has: theirs are small.
std::uint32_t phandle_of(std::size_t channel, std::size_t end)
{
    return static_cast<std::uint32_t>(0xb000'0000U + 2 * channel + end);
}
constexpr std::uint32_t cpu_phandles = 0xb100'0000;
constexpr std::uint32_t pool_phandles = 0xb200'0000;
constexpr std::uint32_t domain_phandles = 0xb300'0000;

std::string domain_node_of(std::size_t index) { return fmt::format("/chosen/domU{}", index + 1); }

/// What is said of single virtual CPUs.
void add_vcpus(DeviceTree& tree, const std::string& domain_node, const DomainDescription& domain)
{
    const auto is_list = [](const auto& given) { return given && given->value.size() > 1; };
    if (!domain.cpus && !domain.hard_affinity && !domain.soft_affinity &&
        !is_list(domain.period_us) && !is_list(domain.budget_us))
        return;
    for (std::uint32_t vcpu = 0; vcpu < domain.vcpus.value; ++vcpu) {
        const std::string node = fmt::format("{}/vcpu@{}", domain_node, vcpu);
        tree.add_node(node);
        tree.set_text(node, "compatible", "xen,vcpu");
        tree.set_cell(node, "id", vcpu);
        if (domain.cpus)
            tree.set_text(node, "hard-affinity", std::to_string(domain.cpus->value[vcpu]));
        if (domain.hard_affinity)
            tree.set_text(node, "hard-affinity", domain.hard_affinity->value[vcpu]);
        if (domain.soft_affinity)
            tree.set_text(node, "soft-affinity", domain.soft_affinity->value[vcpu]);
        const auto [period, budget] = reservation_of(domain, vcpu);
        if (is_list(domain.period_us)) tree.set_cell(node, "bulkhead,sched-period-us", period);
        if (is_list(domain.budget_us)) tree.set_cell(node, "bulkhead,sched-budget-us", budget);
    }
}

/// What the domain's scheduler is to give all of it.
void add_parameters(DeviceTree& tree, const std::string& node, const SystemPlan& plan,
                    const DomainDescription& domain)
{
    const auto& pools = plan.description.pools;
    for (std::size_t pool = 0; pool < pools.size(); ++pool)
        if (domain.pool && domain.pool->value == pools[pool].name.value)
            tree.set_cell(node, "domain-cpupool", pool_phandles + static_cast<std::uint32_t>(pool));
    if (domain.weight) tree.set_cell(node, "bulkhead,sched-weight", domain.weight->value);
    if (domain.cap) tree.set_cell(node, "bulkhead,sched-cap", domain.cap->value);
    for (const auto& [given, name] : {std::pair{&domain.period_us, "bulkhead,sched-period-us"},
                                      std::pair{&domain.budget_us, "bulkhead,sched-budget-us"}})
        if (*given && (*given)->value.size() == 1)
            tree.set_cell(node, name, (*given)->value.front());
    if (domain.extratime)
        tree.set_cell(node, "bulkhead,sched-extratime", domain.extratime->value ? 1 : 0);
}

/// Of the machine's CPU of that number; given to it if it has none.
std::uint32_t phandle_of_cpu(DeviceTree& tree, std::uint32_t cpu)
{
    std::uint32_t number = 0;
    for (const std::string& node : tree.children("/cpus")) {
        if (tree.text(node, "device_type") != "cpu" || number++ != cpu) continue;
        if (const auto own = tree.cells(node, "phandle"); !own.empty()) return own.front();
        tree.set_cell(node, "phandle", cpu_phandles + cpu);
        return cpu_phandles + cpu;
    }
    throw Failure{fmt::format("the machine's tree has no CPU {} below /cpus", cpu)};
}

void add_pool(DeviceTree& tree, const SystemPlan& plan, std::size_t index)
{
    const PoolDescription& pool = plan.description.pools[index];
    const std::string node = fmt::format("/chosen/pool-{}", pool.name.value);
    tree.add_node(node);
    tree.set_text(node, "compatible", "xen,cpupool");
    tree.set_cell(node, "phandle", pool_phandles + static_cast<std::uint32_t>(index));
    std::vector<std::uint32_t> cpus;
    for (const std::uint32_t cpu : pool.cpus.value)
        cpus.push_back(phandle_of_cpu(tree, cpu));
    tree.set_cells(node, "cpupool-cpus", cpus);
    if (pool.scheduler) tree.set_text(node, "cpupool-sched", pool.scheduler->value);
    if (pool.major_frame_us)
        tree.set_cell(node, "bulkhead,sched-major-frame-us", pool.major_frame_us->value);
    std::vector<std::uint32_t> windows;
    for (const PoolDescription::Window& window : pool.windows) {
        const auto& domains = plan.description.domains;
        const auto owner = std::ranges::find_if(domains, [&](const DomainDescription& domain) {
            return window.domain && window.domain->value == domain.name.value;
        });
        std::uint32_t phandle = 0;
        if (owner != domains.end()) {
            const auto domain = static_cast<std::size_t>(owner - domains.begin());
            phandle = domain_phandles + static_cast<std::uint32_t>(domain);
            tree.set_cell(domain_node_of(domain), "phandle", phandle);
        }
        windows.insert(windows.end(), {phandle, window.vcpu.value, window.run_us.value});
    }
    if (!windows.empty()) tree.set_cells(node, "bulkhead,sched-schedule", windows);
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
    const std::string node = domain_node_of(index);
    tree.add_node(node);
    tree.set_text(node, "compatible", "xen,domain");
    tree.set_text(node, "bulkhead,name", domain.name.value);
    tree.set_cell(node, "#address-cells", 2);
    tree.set_cell(node, "#size-cells", 2);
    tree.set_number64(node, "memory", domain.memory.value / kibibyte);
    tree.set_cell(node, "cpus", domain.vcpus.value);
    if (domain.vpl011.value) tree.set_flag(node, "vpl011");
    if (domain.vpmu && domain.vpmu->value) tree.set_flag(node, "vpmu");
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
    add_parameters(tree, node, plan, domain);
    const bool has_channel = add_channels(tree, node, plan.description.channels, domain.name.value);
    if (domain.enhanced || has_channel) tree.set_text(node, "xen,enhanced", "no-xenstore");
    for (const SharedMemoryDescription& shared : plan.description.shared_memory)
        add_shared_memory(tree, node, shared, domain.name.value);
    for (const PlacedImage& placed : plan.images)
        if (placed.image.domain == index) add_module(tree, node, placed, domain.cmdline);
    add_vcpus(tree, node, domain);
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
    for (std::size_t index = plan.description.pools.size(); index > 0; --index)
        add_pool(tree, plan, index - 1);
}

} // namespace bulkhead::tool
