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

TargetOutputs build_target(Session& session, bool debug)
{
    DebianPackages{session.project, session.progress}.need_target_libraries();
    const fs::path build = session.project.out() / "build" / (debug ? "target-debug" : "target");
    configure(session, build, debug);
    session.progress.step("building the hypervisor and the guests",
                          {{"cmake", "--build", build.string()}},
                          build.filename().string() + "-build");

    const fs::path out = debug ? session.project.out() / "debug" : session.project.out();
    const TargetOutputs outputs{out / "bulkhead", out / "bulkhead.elf", out / "guests"};
    copy_file_if_changed(build / "hypervisor" / "bulkhead", outputs.hypervisor);
    copy_file_if_changed(build / "hypervisor" / "bulkhead.elf", outputs.hypervisor_elf);
    copy_guests(build / "guest", outputs.guests);
    return outputs;
}

} // namespace bulkhead::tool
