#include "kernel_image.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>

namespace bulkhead::tool {
namespace {

constexpr std::size_t header_size = 64;
constexpr std::size_t image_size_at = 16;
constexpr std::size_t magic_at = 56;
constexpr std::string_view image_magic = "ARM\x64";
constexpr std::string_view gzip_magic = "\x1f\x8b";
constexpr std::string_view elf_magic = "\x7f"
                                       "ELF";
constexpr std::string_view version0_code0{"\x08\x00\x00\x14",
                                          4}; // b stext, all that marked version 0

std::uint64_t little_endian64(std::string_view bytes)
{
    std::uint64_t value = 0;
    for (std::size_t index = 8; index > 0; --index)
        value = (value << 8U) | static_cast<unsigned char>(bytes[index - 1]);
    return value;
}

} // namespace

std::expected<KernelImage, std::string> recognise_kernel(std::string_view head,
                                                         std::uint64_t file_size)
{
    if (head.starts_with(gzip_magic))
        return KernelImage{.compressed = true, .memory_size = file_size};
    if (head.size() >= header_size && head.substr(magic_at, image_magic.size()) == image_magic)
        // The size may be 0 in old kernels; it then is at least the file.
        return KernelImage{.memory_size =
                               std::max(little_endian64(head.substr(image_size_at, 8)), file_size)};
    if (head.size() >= header_size && head.starts_with(version0_code0))
        return KernelImage{.memory_size = file_size};
    if (head.starts_with(elf_magic))
        return std::unexpected{"an ELF file, but domains start from an arm64 Image; make one with "
                               "llvm-objcopy -O binary (Linux: arch/arm64/boot/Image)"};
    return std::unexpected{
        "not an arm64 Image (no \"ARM\\x64\" at offset 56) and not a gzip of one"};
}

std::expected<KernelImage, std::string> recognise_kernel_file(const std::filesystem::path& path)
{
    std::ifstream file{path, std::ios::binary};
    std::string head(header_size, '\0');
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(file.gcount()));
    return recognise_kernel(head, std::filesystem::file_size(path));
}

} // namespace bulkhead::tool
