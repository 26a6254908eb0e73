#pragma once

#include <cstdint>

namespace bulkhead::machine {

/// Arm's calls against speculation (DEN0028, 7.5 to 7.7): branch predictors, stores, and branch
/// predictors with their history.
enum class Workaround : std::uint32_t {
    branches = 0x8000'8000,
    stores = 0x8000'7fff,
    branch_history = 0x8000'3fff,
};

/// What SMCCC_ARCH_FEATURES says of it on this CPU: 0 when each call of the guest's to EL2 does it,
/// 1 when this CPU does not need it, negative when it cannot be had.
[[nodiscard]] std::int64_t workaround(Workaround which);

} // namespace bulkhead::machine
