#pragma once
#include "boot_script.hpp"
#include "session.hpp"
#include "system_plan.hpp"

#include <functional>

namespace bulkhead::tool {

/// How a system is to be made from its description.
struct SystemRequest {
    std::filesystem::path file;
    MachineOverride instead{};
    /// A hypervisor other than Bulkhead's own build, such as Xen's Image for comparison.
    std::optional<std::filesystem::path> hypervisor{};
    /// Of Bulkhead's own build.
    Profile profile = Profile::full;
    /// Added to the hypervisor's command line.
    std::string more_bootargs{};
    /// A last change to what the file says.
    std::function<void(SystemDescription&)> change{};
};

/// A system ready to boot: a folder with all its files, and where each is to be loaded.
struct BuiltSystem {
    SystemPlan plan;
    std::filesystem::path folder;
    std::vector<LoadEntry> entries;
};

/// A description as it was read, and what is wrong with its form.
struct LoadedDescription {
    SystemDescription description;
    Problems problems;
};
LoadedDescription load_description(const SystemRequest& request);

/// Checks all that can be checked without downloading or building anything. Throws
/// WrongDescription with everything that was found, the form's problems included.
void check_system(const Session& session, const LoadedDescription& loaded);

/// Gets the images, builds what is to be built, decides the addresses, and writes everything to
/// `folder`. Throws WrongDescription.
BuiltSystem build_system(Session& session, const SystemRequest& request,
                         const std::filesystem::path& folder);

} // namespace bulkhead::tool
