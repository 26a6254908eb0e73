#pragma once
#include "project.hpp"

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bulkhead::tool {

/// What a description names as an image: a file, or something the tool can get or make.
struct ImageSource {
    enum class Kind : std::uint8_t { file, debian_linux, busybox_initrd, guest, devices };
    Kind kind = Kind::file;
    std::filesystem::path path{}; ///< where it is, or will be once it is made
};

/// Reads "debian:linux", "debian:busybox-initrd", "guest:NAME" or a path relative to `folder`. The
/// error says which names there are.
std::expected<ImageSource, std::string> parse_image_source(const std::string& text,
                                                           const std::filesystem::path& folder,
                                                           const Project& project);

/// Where Debian's kernel is once its package is unpacked; a path that is not there before that.
std::filesystem::path debian_kernel_path(const Project& project);

} // namespace bulkhead::tool
