#pragma once
#include "session.hpp"

namespace bulkhead::tool {

/// Where a build of the hypervisor and the guests leaves its results.
struct TargetOutputs {
    std::filesystem::path hypervisor;
    std::filesystem::path hypervisor_elf;
    std::filesystem::path guests;
};

/// Builds the hypervisor and the guests, and copies them to out/ (out/debug/ for a debug build);
/// the partitioning profile, of the same objects, to partition/ there.
TargetOutputs build_target(Session& session, bool debug, Profile profile = Profile::full);

} // namespace bulkhead::tool
