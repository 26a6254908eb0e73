#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace bulkhead::tool {

/// Writes a cpio archive in the "newc" format, which Linux unpacks as its first root file system
/// (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). All files belong to root
/// and have no time, so that equal contents give equal bytes.
class CpioArchive {
public:
    void add_folder(std::string_view path);
    void add_file(std::string_view path, std::string_view contents, bool executable);
    void add_link(std::string_view path, std::string_view target);
    void add_character_device(std::string_view path, std::uint32_t major, std::uint32_t minor);

    /// The archive with its trailer. Nothing can be added after that.
    [[nodiscard]] std::string finished() &&;

private:
    struct Entry {
        std::uint32_t mode;
        std::uint32_t links;
        std::uint32_t device_major = 0;
        std::uint32_t device_minor = 0;
    };
    void add(std::string_view path, const Entry& entry, std::string_view contents);

    std::string bytes_;
    std::uint32_t next_inode_ = 1;
};

} // namespace bulkhead::tool
