#pragma once

#include <cstdint>

namespace bulkhead::guest {

/// Say why, in one line, and power the guest off.
[[noreturn]] void stop(const char* why);

/// Where this image runs; its ELF file is linked at 0.
std::uint64_t image_base();

} // namespace bulkhead::guest
