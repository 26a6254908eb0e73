#pragma once
#include "progress.hpp"
#include "project.hpp"

namespace bulkhead::tool {

/// What every command works with.
struct Session {
    Project project;
    Progress progress;
};

} // namespace bulkhead::tool
