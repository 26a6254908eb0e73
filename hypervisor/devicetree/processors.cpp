#include "devicetree/processors.hpp"

#include "base/bits.hpp"
#include "devicetree/address.hpp"

#include <algorithm>

namespace bulkhead::devicetree {
namespace {

/// The bits of MPIDR_EL1 that say which CPU it is (Arm ARM, D19.2.101).
constexpr std::uint64_t affinity_bits = bits(39, 32) | bits(23, 0);

bool is_processor(const Node& node)
{
    const auto type = node.property("device_type");
    const auto status = node.string("status");
    // "disabled" is a CPU that waits to be enabled (Devicetree Specification 0.4, 3.8.1).
    return type && type->contains("cpu") && !(status && status->starts_with("fail"));
}

/// How the node says that the CPU is started; nothing if it cannot be.
void read_enable_method(const Node& node, Processor& processor, Report& report)
{
    const auto method = node.string("enable-method");
    const auto release = node.number("cpu-release-addr");
    if (method == "psci") {
        processor.enable_method = EnableMethod::psci;
    } else if (method == "spin-table" && release) {
        processor.enable_method = EnableMethod::spin_table;
        processor.release_address = PhysicalAddress{*release};
    } else if (method) {
        report.warning("{}: enable-method = {} is not psci, nor spin-table with cpu-release-addr: "
                       "this CPU is only used if it is the boot CPU",
                       node.path(), *method);
    }
}

} // namespace

unsigned Processors::number_of(const Node& node) const
{
    const auto reg = written_range(node, "reg", 0);
    const auto* const found = reg && is_processor(node)
                                  ? std::ranges::find(all, reg->start.value(), &Processor::affinity)
                                  : all.end();
    return found == all.end() ? max_cpus : static_cast<unsigned>(found - all.begin());
}

Result<void> read_processors(const Tree& tree, std::uint64_t boot_affinity, Processors& processors,
                             Report& report)
{
    auto& all = processors.all;
    static_cast<void>(all.push({.affinity = boot_affinity & affinity_bits}));
    bool boot_cpu_found = false;
    bool first = true;
    const auto cpus = tree.at_path("/cpus");
    if (!cpus) {
        report.error("/cpus: the tree describes no CPUs");
        return failure(Error::no_entry);
    }
    for (const auto node : cpus->children()) {
        if (!is_processor(node)) continue;
        const auto reg = written_range(node, "reg", 0);
        if (!reg || (reg->start.value() & ~affinity_bits) != 0) {
            report.error("{}: reg is not the affinity of a CPU (MPIDR_EL1); this CPU stays off",
                         node.path());
            continue;
        }
        Processor processor{.affinity = reg->start.value()};
        read_enable_method(node, processor, report);
        if (first) {
            first = false;
            if (const auto compatible = node.property("compatible"))
                processors.compatible = compatible->value();
            processors.clock_frequency = node.u32("clock-frequency").value_or(0);
        }
        const auto same = std::ranges::find(all, processor.affinity, &Processor::affinity);
        if (same == all.begin() && !boot_cpu_found) {
            all[0] = processor;
            boot_cpu_found = true;
        } else if (same != all.end()) {
            report.error("{}: reg = {x} is another CPU's already; this one stays off", node.path(),
                         processor.affinity);
        } else if (!all.push(processor)) {
            report.warning("{}: this build has room for {} CPUs; this one stays off", node.path(),
                           max_cpus);
        }
    }
    if (!boot_cpu_found) {
        report.error("/cpus: no node has reg = {x}, the affinity of the running CPU",
                     all[0].affinity);
        return failure(Error::no_entry);
    }
    return {};
}

} // namespace bulkhead::devicetree
