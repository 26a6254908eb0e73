#pragma once
#include "session.hpp"
#include "system_description.hpp"

namespace bulkhead::tool {

/// Downloads and makes the built-in images that a description names, and whatever its machine's
/// device tree comes from. Guests are left to build_target(), wrong names to the checker.
void prepare_images(Session& session, const SystemDescription& description);

/// Whether any domain runs one of the project's own guests.
bool runs_own_guests(const Session& session, const SystemDescription& description);

} // namespace bulkhead::tool
