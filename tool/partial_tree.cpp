#include "partial_tree.hpp"

#include "byte_size.hpp"
#include "nearest_name.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace bulkhead::tool {
namespace {

constexpr std::uint64_t page_size = 4 * kibibyte;
constexpr const char* bus = "/passthrough";
/// A GIC whose node nothing in the machine's tree refers to gets Xen's number.
constexpr std::uint32_t usual_gic_phandle = 65000;

/// They refer to other nodes, which stay with the machine; or the partial tree says it anew.
constexpr const char* left_behind[] = {
    "interrupt-parent",
    "interrupts-extended",
    "iommus",
    "power-domains",
    "resets",
    "reset-names",
    "dmas",
    "dma-names",
    "phys",
    "phy-names",
    "assigned-clocks",
    "operating-points-v2",
    "status",
    "xen,passthrough",
    "clocks",
    "clock-names",
    "linux,phandle",
};

bool is_left_behind(const std::string& property)
{
    return property.starts_with("pinctrl-") || property.starts_with("assigned-clock-") ||
           std::ranges::find(left_behind, property) != std::end(left_behind);
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string node_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void all_below(const DeviceTree& tree, const std::string& path, std::vector<std::string>& paths)
{
    for (const std::string& child : tree.children(path)) {
        paths.push_back(child);
        all_below(tree, child, paths);
    }
}

std::uint32_t cell(const DeviceTree& tree, const std::string& path, const char* name,
                   std::uint32_t otherwise)
{
    const auto cells = tree.cells(path, name);
    return cells.empty() ? otherwise : cells.front();
}

class Maker {
public:
    Maker(const DeviceTree& machine, const Given<std::vector<std::string>>& devices,
          Problems& problems)
        : machine_{machine}, devices_{devices}, problems_{problems}
    {
        all_below(machine, "/", paths_);
        for (const std::string& path : paths_) {
            const auto phandle = machine.cells(path, "phandle");
            if (phandle.size() == 1) by_phandle_[phandle.front()] = path;
        }
    }

    DeviceTree make()
    {
        for (const char* node : {"/", bus}) {
            if (node == bus) tree_.add_node(bus);
            tree_.set_cell(node, "#address-cells", 2);
            tree_.set_cell(node, "#size-cells", 2);
        }
        tree_.set_text(bus, "compatible", "simple-bus");
        tree_.set_flag(bus, "ranges");
        for (const std::string& device : devices_.value)
            add_device(device);
        if (gic_phandle_) {
            tree_.add_node("/gic");
            tree_.set_cell("/gic", "phandle", *gic_phandle_);
        }
        return std::move(tree_);
    }

private:
    void problem(const std::string& text) { problems_.add(devices_.origin, text); }

    void add_device(const std::string& path)
    {
        if (std::ranges::find(paths_, path) == paths_.end())
            return problem(fmt::format("the machine's tree has no node {}; {}", path,
                                       suggestion(path, nodes_with_registers())));
        const std::string copy = fmt::format("{}/{}", bus, node_name(path));
        if (tree_.has_node(copy)) return problem(fmt::format("names {} twice", node_name(path)));
        const auto registers = registers_of(path);
        if (registers.empty())
            return problem(fmt::format("{} has no registers that the CPU reaches; name the node "
                                       "of a device on the CPU's bus",
                                       path));
        copy_node(path, copy);
        for (const std::string& below : nodes_below(path))
            copy_node(below, copy + below.substr(path.size()));
        tree_.set_reg(copy, registers);
        add_interrupts(path, copy);
        std::vector<std::uint64_t> assigned;
        for (const MemoryRange& range : registers) {
            const std::uint64_t start = range.start / page_size * page_size;
            assigned.insert(assigned.end(),
                            {start, round_up(range.end(), page_size) - start, start});
        }
        tree_.set_numbers64(copy, "xen,reg", assigned);
        tree_.set_text(copy, "xen,path", path);
        tree_.set_flag(copy, "xen,force-assign-without-iommu");
    }

    [[nodiscard]] std::vector<std::string> nodes_below(const std::string& path) const
    {
        std::vector<std::string> below;
        all_below(machine_, path, below);
        return below;
    }

    [[nodiscard]] std::vector<std::string> nodes_with_registers() const
    {
        std::vector<std::string> nodes;
        for (const std::string& path : paths_)
            if (!machine_.reg(path).empty() && path.contains('@')) nodes.push_back(path);
        return nodes;
    }

    /// As the CPU sees them, through the buses' `ranges`; empty if it does not.
    [[nodiscard]] std::vector<MemoryRange> registers_of(const std::string& path) const
    {
        std::vector<MemoryRange> registers = machine_.reg(path);
        for (std::string at = parent_of(path); !at.empty(); at = parent_of(at)) {
            if (!machine_.has_property(at, "ranges")) return {};
            const auto windows = machine_.ranges(at);
            if (windows.empty()) continue; // the same addresses
            for (MemoryRange& range : registers) {
                const auto window = std::ranges::find_if(windows, [&](const auto& candidate) {
                    return MemoryRange{candidate.child, candidate.size}.contains(range);
                });
                if (window == windows.end()) return {};
                range.start += window->parent - window->child;
            }
        }
        return registers;
    }

    void copy_node(const std::string& from, const std::string& to)
    {
        tree_.add_node(to);
        for (const std::string& property : machine_.properties(from))
            if (!is_left_behind(property))
                tree_.set_bytes(to, property, machine_.bytes_of(from, property));
        copy_clocks(from, to);
    }

    /// Only with clocks that need no driver: others are for the machine's owner to set up.
    void copy_clocks(const std::string& from, const std::string& to)
    {
        const auto clocks = machine_.cells(from, "clocks");
        const bool all_fixed = std::ranges::all_of(clocks, [&](std::uint32_t phandle) {
            const auto clock = by_phandle_.find(phandle);
            return clock != by_phandle_.end() &&
                   machine_.text(clock->second, "compatible") == "fixed-clock";
        });
        if (clocks.empty() || !all_fixed) return;
        for (const char* property : {"clocks", "clock-names"})
            if (machine_.has_property(from, property))
                tree_.set_bytes(to, property, machine_.bytes_of(from, property));
        for (const std::uint32_t phandle : clocks) {
            const std::string& clock = by_phandle_.at(phandle);
            const std::string copy = fmt::format("{}/{}", bus, node_name(clock));
            if (!tree_.has_node(copy)) copy_node(clock, copy);
        }
    }

    void add_interrupts(const std::string& path, const std::string& copy)
    {
        if (!machine_.has_property(path, "interrupts")) return;
        std::string at = path;
        while (!at.empty() && !machine_.has_property(at, "interrupt-parent"))
            at = parent_of(at);
        const std::uint32_t phandle =
            cell(machine_, at.empty() ? "/" : at, "interrupt-parent", usual_gic_phandle);
        const auto controller = by_phandle_.find(phandle);
        const auto compatible = controller == by_phandle_.end()
                                    ? std::vector<std::string>{}
                                    : machine_.texts(controller->second, "compatible");
        if (std::ranges::none_of(compatible, [](const std::string& text) {
                return text.starts_with("arm,") && text.contains("gic");
            }))
            return problem(fmt::format(
                "the interrupts of {} come from {}, not from the GIC; hand "
                "that over, or write a device_tree",
                path, controller == by_phandle_.end() ? "no known node" : controller->second));
        gic_phandle_ = phandle;
        tree_.set_cell(copy, "interrupt-parent", phandle);
    }

    const DeviceTree& machine_;
    const Given<std::vector<std::string>>& devices_;
    Problems& problems_;
    DeviceTree tree_ = DeviceTree::empty();
    std::vector<std::string> paths_;
    std::map<std::uint32_t, std::string> by_phandle_;
    std::optional<std::uint32_t> gic_phandle_;
};

} // namespace

DeviceTree partial_tree(const DeviceTree& machine, const Given<std::vector<std::string>>& devices,
                        Problems& problems)
{
    return Maker{machine, devices, problems}.make();
}

std::filesystem::path partial_tree_path(const std::filesystem::path& out,
                                        const SystemDescription& description,
                                        const DomainDescription& domain)
{
    return out / "devices" / fmt::format("{}-{}.dtb", description.name(), domain.name.value);
}

} // namespace bulkhead::tool
