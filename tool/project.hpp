#pragma once
#include <cstdint>
#include <filesystem>

namespace bulkhead::tool {

/// Which of the two programs of hypervisor/CMakeLists.txt: all of it, or static partitioning alone.
enum class Profile : std::uint8_t { full, partition };

/// Where things are in the project's folder. Everything the tool makes is under out/.
class Project {
public:
    explicit Project(std::filesystem::path root) : root_{std::move(root)} {}

    /// The project this very program was built in: ROOT/out/build/BUILD/tool/PROGRAM.
    static Project of_this_program();

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    [[nodiscard]] std::filesystem::path out() const { return root_ / "out"; }
    [[nodiscard]] std::filesystem::path logs() const { return out() / "log"; }
    [[nodiscard]] std::filesystem::path host_build() const { return out() / "build" / "host"; }
    [[nodiscard]] std::filesystem::path hypervisor(Profile profile = Profile::full) const
    {
        return profile == Profile::full ? out() / "bulkhead" : out() / "partition" / "bulkhead";
    }
    [[nodiscard]] std::filesystem::path hypervisor_elf() const { return out() / "bulkhead.elf"; }
    [[nodiscard]] std::filesystem::path guests() const { return out() / "guests"; }
    [[nodiscard]] std::filesystem::path debian() const { return out() / "debian"; }
    /// What the downloaded arm64 packages unpack to.
    [[nodiscard]] std::filesystem::path debian_root() const { return debian() / "root"; }
    [[nodiscard]] std::filesystem::path examples() const { return root_ / "examples"; }

private:
    std::filesystem::path root_;
};

} // namespace bulkhead::tool
