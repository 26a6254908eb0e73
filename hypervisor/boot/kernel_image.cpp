#include "boot/kernel_image.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace bulkhead::boot {
namespace {

struct Header {
    std::uint32_t code0, code1;
    std::uint64_t text_offset;
    std::uint64_t image_size;
    std::uint64_t flags;
    std::uint64_t reserved[3];
    std::uint32_t magic;
    std::uint32_t pe_header;
};
static_assert(sizeof(Header) == 64 && offsetof(Header, magic) == 0x38);
static_assert(std::endian::native == std::endian::little, "the header is little-endian");

constexpr std::uint32_t arm64_magic = 0x644d'5241; // "ARM\x64"
constexpr std::uint64_t big_endian = 1;
/// Images from before v3.17 have no size, and are at this offset whatever they say.
constexpr std::uint64_t old_text_offset = 0x8'0000;
/// More than any kernel, and little enough that sums of it cannot wrap.
constexpr std::uint64_t absurd = std::uint64_t{1} << 40;

} // namespace

Result<KernelImage> read_kernel_image(std::span<const std::byte> file)
{
    Header header{};
    if (file.size() < sizeof header) return failure(Error::invalid);
    std::memcpy(&header, file.data(), sizeof header);
    if (header.magic != arm64_magic || (header.flags & big_endian) != 0)
        return failure(Error::invalid);
    if (header.image_size == 0) return KernelImage{old_text_offset, file.size()};
    if (header.text_offset >= absurd || header.image_size >= absurd) return failure(Error::invalid);
    return KernelImage{header.text_offset, std::max<std::uint64_t>(header.image_size, file.size())};
}

} // namespace bulkhead::boot
