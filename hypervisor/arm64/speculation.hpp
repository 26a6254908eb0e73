#pragma once

namespace bulkhead::arm64 {

/// Chooses what the calling CPU needs so that guests cannot steer EL2's speculation, by its model
/// and its firmware, and logs it where it is not like the CPU before. After use_firmware().
/// `allow_stores`: speculative stores stay as fast as they are unsafe (`spec-ctrl=`).
void protect_from_speculation(bool allow_stores);

} // namespace bulkhead::arm64
