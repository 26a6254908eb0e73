#include "debian_packages.hpp"

#include "failure.hpp"
#include "file_contents.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <sstream>
#include <unistd.h>

namespace bulkhead::tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* network_advice = "Debian's package servers have to be reachable: check the "
                                       "network and /etc/apt (sources, proxy), then run this again";
constexpr std::chrono::hours list_is_fresh{1};
constexpr const char* linux_package = "linux-image-arm64";

std::vector<fs::path> debs_in(const fs::path& folder)
{
    std::vector<fs::path> debs;
    for (const auto& entry : fs::directory_iterator{folder})
        if (entry.path().extension() == ".deb") debs.push_back(entry.path());
    return debs;
}

/// A package's name in the first "Depends:" line of `apt-cache depends`.
std::string first_dependency(const std::string& depends)
{
    std::istringstream words{depends};
    for (std::string word; words >> word;)
        if (word == "Depends:" && words >> word) return word;
    throw Failure{
        fmt::format("apt-cache names no dependency of {}; {}", linux_package, network_advice)};
}

} // namespace

fs::path DebianPackages::stamp_of(const std::string& package) const
{
    return project_.debian() / "unpacked" / package;
}

Command DebianPackages::apt(std::vector<std::string> arguments) const
{
    return {std::move(arguments),
            {{"APT_CONFIG", (apt_folder() / "apt.conf").string()}, {"LC_ALL", "C"}}};
}

void DebianPackages::prepare_apt() const
{
    const fs::path folder = apt_folder();
    const fs::path updated = folder / "updated";
    if (fs::exists(updated) &&
        fs::file_time_type::clock::now() - fs::last_write_time(updated) < list_is_fresh)
        return;
    fs::create_directories(folder / "state" / "lists" / "partial");
    fs::create_directories(folder / "cache" / "archives" / "partial");
    // What is installed on this machine does not matter to what is downloaded for another one.
    write_file(folder / "state" / "status", "");
    std::string configuration = fmt::format("APT::Architecture \"arm64\";\n"
                                            "APT::Architectures {{ \"arm64\"; }};\n"
                                            "Acquire::Languages \"none\";\n"
                                            "Dir::State \"{0}/state\";\n"
                                            "Dir::State::status \"{0}/state/status\";\n"
                                            "Dir::Cache \"{0}/cache\";\n",
                                            folder.string());
    // As root, apt downloads as the user _apt, who may not write below this folder.
    if (::geteuid() == 0) configuration += "APT::Sandbox::User \"root\";\n";
    write_file(folder / "apt.conf", configuration);
    progress_.step("reading Debian's list of arm64 packages", apt({"apt-get", "update", "--quiet"}),
                   "apt-update", network_advice);
    write_file(updated, "");
}

void DebianPackages::download_and_unpack(const std::string& package) const
{
    const fs::path debs = apt_folder() / "debs" / package;
    fs::remove_all(debs);
    fs::create_directories(debs);
    // `apt-get download` writes into its working directory.
    Command download =
        apt({"env", "--chdir", debs.string(), "apt-get", "download", "--quiet", package});
    progress_.step(fmt::format("downloading {} (arm64)", package), download, "download-" + package,
                   network_advice);
    for (const fs::path& deb : debs_in(debs))
        progress_.step(fmt::format("unpacking {} below out/debian", package),
                       {{"dpkg-deb", "--extract", deb.string(), project_.debian_root().string()}},
                       "unpack-" + package);
    fs::remove_all(debs);
}

void DebianPackages::need(const std::string& package) const
{
    if (fs::exists(stamp_of(package))) return;
    prepare_apt();
    download_and_unpack(package);
    write_file(stamp_of(package), "");
}

void DebianPackages::need_linux() const
{
    if (fs::exists(stamp_of(linux_package))) return;
    prepare_apt();
    const Captured depends = run_captured(apt({"apt-cache", "depends", linux_package}));
    download_and_unpack(first_dependency(depends.output));
    write_file(stamp_of(linux_package), "");
}

fs::path DebianPackages::need_xen() const
{
    need("xen-hypervisor-4.17-arm64");
    return project_.debian_root() / "boot" / "xen-4.17-arm64";
}

fs::path DebianPackages::board_tree(const std::string& name) const
{
    const fs::path library = project_.debian_root() / "usr" / "lib";
    for (const auto& entry : fs::directory_iterator{library})
        if (entry.path().filename().string().starts_with("linux-image-") &&
            fs::exists(entry.path() / name))
            return entry.path() / name;
    throw Failure{fmt::format("Debian's kernel package has no device tree {} (looked below {})",
                              name, library.string())};
}

} // namespace bulkhead::tool
