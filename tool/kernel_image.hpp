#pragma once
#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

namespace bulkhead::tool {

/// What the head of an arm64 kernel image says (Linux, Documentation/arm64/booting.rst).
struct KernelImage {
    bool compressed = false; ///< gzip; its Image can only be read on the target
    std::uint64_t memory_size =
        0; ///< from the load address to the end of what it uses (image_size)
};

/// Recognises an arm64 Image, version 0 or 1, or a gzip file. The error says what it is not.
std::expected<KernelImage, std::string> recognise_kernel(std::string_view head,
                                                         std::uint64_t file_size);

/// The same for a file. Only its head is read.
std::expected<KernelImage, std::string> recognise_kernel_file(const std::filesystem::path& path);

} // namespace bulkhead::tool
