#include "target_build.hpp"

#include "debian_packages.hpp"
#include "file_contents.hpp"

#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

namespace fs = std::filesystem;

void configure(const Session& session, const fs::path& build, bool debug)
{
    if (fs::exists(build / "build.ninja"))
        return; // ninja configures again by itself when it has to
    fs::remove_all(build);
    const fs::path& root = session.project.root();
    session.progress.step(
        "configuring the hypervisor's build",
        {{"cmake", "-S", root.string(), "-B", build.string(), "-G", "Ninja", "--toolchain",
          (root / "cmake" / "arm64-freestanding.cmake").string(),
          fmt::format("-DCMAKE_BUILD_TYPE={}", debug ? "Debug" : "Release"),
          fmt::format("-DBULKHEAD_ARM64_SYSROOT={}", session.project.debian_root().string())}},
        build.filename().string() + "-configure");
}

void copy_guests(const fs::path& from, const fs::path& to)
{
    fs::create_directories(to);
    for (const auto& entry : fs::directory_iterator{from})
        if (entry.path().extension() == ".bin" || entry.path().extension() == ".elf")
            copy_file_if_changed(entry.path(), to / entry.path().filename());
}

} // namespace

TargetOutputs build_target(Session& session, bool debug, Profile profile)
{
    DebianPackages{session.project, session.progress}.need_target_libraries();
    const fs::path build = session.project.out() / "build" / (debug ? "target-debug" : "target");
    configure(session, build, debug);
    session.progress.step("building the hypervisor and the guests",
                          {{"cmake", "--build", build.string()}},
                          build.filename().string() + "-build");

    const fs::path out = debug ? session.project.out() / "debug" : session.project.out();
    const fs::path programs = build / "hypervisor";
    for (const auto& [name, folder] :
         {std::pair{"bulkhead", out}, std::pair{"partition", out / "partition"}}) {
        copy_file_if_changed(programs / name, folder / "bulkhead");
        copy_file_if_changed(programs / fmt::format("{}.elf", name), folder / "bulkhead.elf");
    }
    copy_guests(build / "guest", out / "guests");
    const fs::path chosen = profile == Profile::full ? out : out / "partition";
    return {chosen / "bulkhead", chosen / "bulkhead.elf", out / "guests"};
}

} // namespace bulkhead::tool
