#pragma once
#include "session.hpp"
#include "system_description.hpp"

namespace bulkhead::tool {

/// Downloads, makes and builds the built-in images that a description names, and whatever its
/// machine's device tree comes from. Names that are wrong are left to the checker.
void prepare_images(Session& session, const SystemDescription& description);

} // namespace bulkhead::tool
