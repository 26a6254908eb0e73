#include "domain_image.hpp"

#include "device_tree.hpp"
#include "failure.hpp"
#include "nearest_name.hpp"
#include "partial_tree.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

namespace fs = std::filesystem;

/// The guests that have been built, as one would name them; empty before the first build.
std::vector<std::string> guest_names(const Project& project)
{
    std::vector<std::string> names;
    if (fs::is_directory(project.guests()))
        for (const auto& entry : fs::directory_iterator{project.guests()})
            if (entry.path().extension() == ".bin")
                names.push_back("guest:" + entry.path().stem().string());
    std::ranges::sort(names);
    return names;
}

/// The nearest file name in the folder where the missing one would be.
std::string missing_file_advice(const fs::path& path)
{
    std::vector<std::string> beside;
    if (!fs::is_directory(path.parent_path().empty() ? "." : path.parent_path()))
        return fmt::format("there is no folder {}", path.parent_path().string());
    for (const auto& entry :
         fs::directory_iterator{path.parent_path().empty() ? "." : path.parent_path()})
        beside.push_back(entry.path().filename().string());
    if (const auto nearest = nearest_name(path.filename().string(), beside))
        return fmt::format("did you mean \"{}\"?", *nearest);
    return "paths are relative to the description; built in are \"debian:linux\", "
           "\"debian:busybox-initrd\" and \"guest:latency\"";
}

std::string missing_image(const DomainImage& image, const std::string& text, const Project& project)
{
    if (image.source.kind == ImageSource::Kind::guest) {
        const auto guests = guest_names(project);
        if (guests.empty()) return {}; // `build` has not run yet
        return fmt::format("no such guest; {}", suggestion(text, guests));
    }
    if (image.source.kind != ImageSource::Kind::file) return {};
    return fmt::format("no such file ({}); {}",
                       fs::absolute(image.source.path).lexically_normal().string(),
                       missing_file_advice(image.source.path));
}

/// What is wrong with a file that is there; empty if nothing is.
std::string look_at(DomainImage& image)
{
    const fs::path& path = image.source.path;
    if (!fs::is_regular_file(path)) return fmt::format("{} is not a file", path.string());
    if (fs::file_size(path) == 0) return fmt::format("{} is empty", path.string());
    image.memory_size = fs::file_size(path);
    if (image.role == ImageRole::kernel) {
        const auto kernel = recognise_kernel_file(path);
        if (!kernel) return kernel.error();
        image.memory_size = kernel->memory_size;
    }
    if (image.role == ImageRole::device_tree) {
        try {
            (void)DeviceTree::read(path);
        } catch (const Failure& failure) {
            return failure.what();
        }
    }
    image.size = fs::file_size(path);
    return {};
}

} // namespace

std::string role_name(ImageRole role)
{
    switch (role) {
    case ImageRole::kernel: return "kernel";
    case ImageRole::ramdisk: return "ramdisk";
    case ImageRole::device_tree: break;
    }
    return "device_tree";
}

std::vector<DomainImage> find_images(const SystemDescription& description, const Project& project,
                                     Problems& problems)
{
    std::vector<DomainImage> images;
    const auto find = [&](std::size_t domain, ImageRole role,
                          const std::optional<ImageDescription>& described) {
        if (!described) return;
        const auto& [text, origin] = described->source;
        const auto source = parse_image_source(text, description.file.parent_path(), project);
        if (!source) {
            problems.add(origin, source.error());
            return;
        }
        DomainImage image{
            .domain = domain, .role = role, .description = *described, .source = *source};
        const std::string text_of_problem =
            fs::exists(source->path) ? look_at(image) : missing_image(image, text, project);
        if (!text_of_problem.empty())
            problems.add(origin, text_of_problem);
        else
            images.push_back(std::move(image));
    };
    for (std::size_t index = 0; index < description.domains.size(); ++index) {
        const DomainDescription& domain = description.domains[index];
        find(index, ImageRole::kernel, domain.kernel);
        find(index, ImageRole::ramdisk, domain.ramdisk);
        find(index, ImageRole::device_tree, domain.device_tree);
        if (domain.devices && !domain.device_tree) {
            DomainImage image{.domain = index,
                              .role = ImageRole::device_tree,
                              .description = {.source = {{}, domain.devices->origin}},
                              .source = {ImageSource::Kind::devices,
                                         partial_tree_path(project.out(), description, domain)}};
            if (fs::exists(image.source.path)) (void)look_at(image);
            images.push_back(std::move(image));
        }
    }
    return images;
}

} // namespace bulkhead::tool
