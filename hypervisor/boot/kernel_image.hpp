#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace bulkhead::boot {

/// What an arm64 Image says about itself (Linux Documentation/arm64/booting.rst).
struct KernelImage {
    /// From a 2 MiB boundary of RAM to the image's first byte.
    std::uint64_t text_offset = 0;
    /// Memory that it needs from there on, with what is not in the file.
    std::uint64_t size = 0;
};

/// invalid: not an arm64 Image, or a big-endian one, or one with impossible sizes.
Result<KernelImage> read_kernel_image(std::span<const std::byte> file);

} // namespace bulkhead::boot
