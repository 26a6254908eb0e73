#include "cpio_archive.hpp"

#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

// File types of st_mode (POSIX sys/stat.h).
constexpr std::uint32_t folder_type = 0040000;
constexpr std::uint32_t file_type = 0100000;
constexpr std::uint32_t link_type = 0120000;
constexpr std::uint32_t character_device_type = 0020000;

void pad(std::string& bytes)
{
    while (bytes.size() % 4 != 0)
        bytes += '\0';
}

} // namespace

void CpioArchive::add(std::string_view path, const Entry& entry, std::string_view contents)
{
    // Magic, then inode, mode, uid, gid, links, time, size, device, special device, name size with
    // its final zero, checksum (unused): eight hexadecimal digits each.
    bytes_ += fmt::format(
        "070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}",
        next_inode_++, entry.mode, 0, 0, entry.links, 0, contents.size(), 0, 0, entry.device_major,
        entry.device_minor, path.size() + 1, 0);
    bytes_ += path;
    bytes_ += '\0';
    pad(bytes_);
    bytes_ += contents;
    pad(bytes_);
}

void CpioArchive::add_folder(std::string_view path)
{
    add(path, {.mode = folder_type | 0755, .links = 2}, {});
}

void CpioArchive::add_file(std::string_view path, std::string_view contents, bool executable)
{
    add(path, {.mode = file_type | (executable ? 0755U : 0644U), .links = 1}, contents);
}

void CpioArchive::add_link(std::string_view path, std::string_view target)
{
    add(path, {.mode = link_type | 0777, .links = 1}, target);
}

void CpioArchive::add_character_device(std::string_view path, std::uint32_t major,
                                       std::uint32_t minor)
{
    add(path,
        {.mode = character_device_type | 0600,
         .links = 1,
         .device_major = major,
         .device_minor = minor},
        {});
}

std::string CpioArchive::finished() &&
{
    next_inode_ = 0;
    add("TRAILER!!!", {.mode = 0, .links = 1}, {});
    return std::move(bytes_);
}

} // namespace bulkhead::tool
