#pragma once
#include "image_source.hpp"
#include "kernel_image.hpp"
#include "system_description.hpp"

#include <vector>

namespace bulkhead::tool {

enum class ImageRole : std::uint8_t { kernel, ramdisk, device_tree };

/// "kernel", "ramdisk", "device_tree": the key it is described with.
std::string role_name(ImageRole role);

/// An image of a domain that was described, found and looked at.
struct DomainImage {
    std::size_t domain = 0; ///< index in the description
    ImageRole role = ImageRole::kernel;
    ImageDescription description;
    ImageSource source;
    std::uint64_t size = 0;        ///< of the file; 0 if it is built in and not made yet
    std::uint64_t memory_size = 0; ///< what the domain needs for it

    [[nodiscard]] bool is_there() const { return size > 0; }
};

/// Finds the images of all domains and looks at their heads. Missing or unsuitable files are
/// problems; built-in images that can still be made are not.
std::vector<DomainImage> find_images(const SystemDescription& description, const Project& project,
                                     Problems& problems);

} // namespace bulkhead::tool
