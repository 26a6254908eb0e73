#pragma once
#include "system_description.hpp"

#include <string_view>

namespace bulkhead::tool {

/// Reads a system description from TOML text. Everything that is wrong with its form (syntax,
/// unknown keys, types, missing keys) is added to `problems`; what could be read is returned, so
/// that the checker can go on with it.
SystemDescription read_description(std::string_view text, const std::filesystem::path& file,
                                   const MachineOverride& instead, Problems& problems);

} // namespace bulkhead::tool
