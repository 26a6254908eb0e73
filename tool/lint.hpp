#pragma once
#include "session.hpp"

namespace bulkhead::tool {

/// Checks that all C++ sources are formatted as .clang-format says. Names those that are not.
bool check_format(Session& session);

/// Runs clang-tidy on all that both builds compile but the tests. Folders that were clean and have
/// not changed since, with all headers, are not looked at again.
bool check_tidy(Session& session);

} // namespace bulkhead::tool
