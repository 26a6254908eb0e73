#include "system_build.hpp"

#include "boot_stub.hpp"
#include "byte_size.hpp"
#include "description_checker.hpp"
#include "description_reader.hpp"
#include "failure.hpp"
#include "file_contents.hpp"
#include "image_preparation.hpp"
#include "machine_tree.hpp"
#include "partial_tree.hpp"
#include "system_tree.hpp"
#include "target_build.hpp"

#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

namespace fs = std::filesystem;

/// What the hypervisor occupies once it runs, if there is no build to look at.
constexpr std::uint64_t usual_hypervisor_size = 2 * mebibyte;

void refuse(const SystemDescription& description, const Problems& problems)
{
    if (!problems.empty()) throw WrongDescription{description.file.string(), problems};
}

std::uint64_t size_in_memory(const fs::path& hypervisor)
{
    const auto image = recognise_kernel_file(hypervisor);
    if (!image) throw Failure{fmt::format("{}: {}", hypervisor.string(), image.error())};
    return round_up(image->memory_size, 2 * mebibyte);
}

std::string tree_of(Session& session, const SystemPlan& plan, const std::string& more_bootargs)
{
    const MachineDescription& machine = plan.description.machine;
    DeviceTree tree =
        machine_tree(session, machine, plan.machine, plan.description.file.parent_path());
    describe_system(tree, plan, machine.bootargs.value + more_bootargs);
    std::string bytes = tree.bytes();
    if (bytes.size() > plan.device_tree.size)
        throw Failure{fmt::format(
            "the system's device tree would be {}, but {} is the most a boot loader may pass on",
            format_byte_size_roughly(bytes.size()), format_byte_size(plan.device_tree.size))};
    return bytes;
}

/// Makes the partial trees of the domains that name devices of the machine.
void prepare_partial_trees(Session& session, const SystemDescription& description)
{
    Problems problems;
    const fs::path folder = description.file.parent_path();
    std::optional<DeviceTree> machine;
    for (const DomainDescription& domain : description.domains) {
        if (!domain.devices) continue;
        if (!machine) {
            const auto facts = check_machine(description.machine, folder, problems);
            machine = machine_tree(session, description.machine, facts.value(), folder);
        }
        const DeviceTree partial = partial_tree(*machine, *domain.devices, problems);
        write_file_if_changed(partial_tree_path(session.project.out(), description, domain),
                              partial.bytes());
    }
    refuse(description, problems);
}

} // namespace

LoadedDescription load_description(const SystemRequest& request)
{
    if (!fs::is_regular_file(request.file))
        throw Failure{fmt::format("{}: no such file; there are examples in examples/",
                                  request.file.string())};
    LoadedDescription loaded;
    loaded.description =
        read_description(read_file(request.file), request.file, request.instead, loaded.problems);
    if (request.change) request.change(loaded.description);
    return loaded;
}

void check_system(const Session& session, const LoadedDescription& loaded)
{
    Problems problems = loaded.problems;
    (void)plan_system(loaded.description, session.project, usual_hypervisor_size, problems);
    refuse(loaded.description, problems);
}

BuiltSystem build_system(Session& session, const SystemRequest& request, const fs::path& folder)
{
    const LoadedDescription loaded = load_description(request);
    check_system(session, loaded); // before anything is downloaded
    const SystemDescription& description = loaded.description;
    prepare_images(session, description);
    prepare_partial_trees(session, description);
    const fs::path hypervisor =
        request.hypervisor.value_or(session.project.hypervisor(request.profile));
    if (!request.hypervisor || runs_own_guests(session, description)) build_target(session, false);

    // Once more, now with every image there to be looked at.
    Problems problems;
    const auto plan =
        plan_system(description, session.project, size_in_memory(hypervisor), problems);
    refuse(description, problems);

    const std::string tree = tree_of(session, plan.value(), request.more_bootargs);
    BuiltSystem system{*plan, folder, load_entries(*plan, tree.size())};
    write_file_if_changed(folder / "system.dtb", tree);
    write_file_if_changed(folder / "start.bin",
                          boot_stub(plan->hypervisor.start, plan->device_tree.start));
    copy_file_if_changed(hypervisor, folder / "bulkhead");
    for (const PlacedImage& placed : plan->images)
        copy_file_if_changed(placed.image.source.path, folder / placed.file_name);
    return system;
}

} // namespace bulkhead::tool
