#include "system_plan.hpp"

#include "byte_size.hpp"
#include "cpu_checker.hpp"
#include "description_checker.hpp"
#include "placement.hpp"
#include "static_memory_checker.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

constexpr std::uint64_t most_tree_size = 2 * mebibyte; // the boot protocol's limit

/// Places the hypervisor, the device tree and the images, in this order of preference.
std::optional<SystemPlan> place_all(const SystemDescription& description,
                                    const MachineFacts& machine,
                                    const std::vector<DomainImage>& images,
                                    std::uint64_t hypervisor_size, Problems& problems)
{
    const std::uint64_t usual = default_hypervisor_address(machine);
    const Given<std::uint64_t> hypervisor =
        description.machine.hypervisor_address.value_or(Given<std::uint64_t>{
            usual,
            {"hypervisor_address", fmt::format("{:#x} (because it is left out)", usual),
             description.machine.origin.line}});
    std::vector<PlacementRequest> requests{
        {"the hypervisor", hypervisor_size, hypervisor.value, hypervisor.origin},
        {"the system's device tree", most_tree_size, std::nullopt, description.machine.origin}};
    for (const DomainImage& image : images) {
        const auto& address = image.description.address;
        requests.push_back({fmt::format("{}'s {}", description.domains[image.domain].name.value,
                                        role_name(image.role)),
                            image.size, address ? std::optional{address->value} : std::nullopt,
                            address ? address->origin : image.description.source.origin});
    }

    // After the images, whose places are looked up by number.
    for (auto& request : static_memory_requests(description))
        requests.push_back(std::move(request));

    std::vector<NamedRange> taken = machine.reserved;
    taken.push_back(range_of_boot_code(machine));
    const std::size_t before = problems.size();
    const std::vector<MemoryRange> placed = place(requests, machine, std::move(taken), problems);
    if (problems.size() != before) return std::nullopt;

    SystemPlan plan{description, machine, placed[0], placed[1], {}};
    for (std::size_t index = 0; index < images.size(); ++index) {
        const DomainImage& image = images[index];
        plan.images.push_back({image, placed[index + 2],
                               fmt::format("{}-{}", description.domains[image.domain].name.value,
                                           role_name(image.role))});
    }
    return plan;
}

} // namespace

std::optional<SystemPlan> plan_system(const SystemDescription& description, const Project& project,
                                      std::uint64_t hypervisor_size, Problems& problems)
{
    const auto machine =
        check_machine(description.machine, description.file.parent_path(), problems);
    check_domains(description, problems);
    check_static_memory(description, problems);
    const std::vector<DomainImage> images = find_images(description, project, problems);
    if (!machine) return std::nullopt;
    check_cpus(description, *machine, problems);
    check_memory(description, *machine, images, problems);
    auto plan = place_all(description, *machine, images, hypervisor_size, problems);
    if (!problems.empty() || !std::ranges::all_of(images, &DomainImage::is_there))
        return std::nullopt;
    return plan;
}

} // namespace bulkhead::tool
