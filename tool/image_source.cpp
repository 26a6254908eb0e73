#include "image_source.hpp"

#include "nearest_name.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

constexpr std::string_view guest_prefix = "guest:";
constexpr std::string_view debian_prefix = "debian:";
const std::vector<std::string> debian_images{"debian:linux", "debian:busybox-initrd"};

} // namespace

std::filesystem::path debian_kernel_path(const Project& project)
{
    const std::filesystem::path boot = project.debian_root() / "boot";
    std::filesystem::path newest = boot / "vmlinuz";
    if (std::filesystem::is_directory(boot))
        for (const auto& entry : std::filesystem::directory_iterator{boot})
            if (entry.path().filename().string().starts_with("vmlinuz-"))
                newest = std::max(newest, entry.path());
    return newest;
}

std::expected<ImageSource, std::string> parse_image_source(const std::string& text,
                                                           const std::filesystem::path& folder,
                                                           const Project& project)
{
    using Kind = ImageSource::Kind;
    if (text == debian_images[0])
        return ImageSource{Kind::debian_linux, debian_kernel_path(project)};
    if (text == debian_images[1])
        return ImageSource{Kind::busybox_initrd, project.debian() / "busybox-initrd.cpio"};
    if (text.starts_with(guest_prefix))
        return ImageSource{Kind::guest,
                           project.guests() / (text.substr(guest_prefix.size()) + ".bin")};
    if (text.starts_with(debian_prefix))
        return std::unexpected{
            fmt::format("no such built-in image; {}", suggestion(text, debian_images))};
    return ImageSource{Kind::file, folder / text};
}

} // namespace bulkhead::tool
