#pragma once
#include "progress.hpp"
#include "project.hpp"

#include <string>

namespace bulkhead::tool {

/// Debian's arm64 packages, downloaded with apt and unpacked under out/debian/root: never
/// installed, and without telling the machine about another architecture. A package that has been
/// unpacked is not asked for again, so that later runs need no network.
class DebianPackages {
public:
    DebianPackages(const Project& project, const Progress& progress)
        : project_{project}, progress_{progress}
    {
    }

    /// Xen's public headers for the hypervisor, and libfdt.a for the guests, for arm64.
    void need_target_libraries() const
    {
        need("libfdt-dev");
        need("libxen-dev");
    }
    void need_busybox() const { need("busybox-static"); }
    /// The kernel that linux-image-arm64 stands for, and the device trees that come with it.
    void need_linux() const;

    /// Debian's Xen, for comparison; its arm64 Image.
    [[nodiscard]] std::filesystem::path need_xen() const;

    /// The device tree of a board that Debian's kernel supports, such as "xilinx/NAME.dtb".
    [[nodiscard]] std::filesystem::path board_tree(const std::string& name) const;

private:
    void need(const std::string& package) const;
    void download_and_unpack(const std::string& package) const;
    [[nodiscard]] std::filesystem::path stamp_of(const std::string& package) const;
    [[nodiscard]] std::filesystem::path apt_folder() const { return project_.debian() / "apt"; }
    [[nodiscard]] Command apt(std::vector<std::string> arguments) const;
    void prepare_apt() const;

    const Project& project_;
    const Progress& progress_;
};

} // namespace bulkhead::tool
