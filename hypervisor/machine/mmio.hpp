#pragma once

#include <cstdint>

namespace bulkhead::machine {

/// What became of a guest's load or store where it has no RAM.
enum class MmioResult : std::uint8_t {
    done,
    /// Nothing there, or no register of that size: the guest gets an external abort.
    abort,
    /// The answer is in the list registers of other CPUs, which were asked to fold them: let the
    /// guest execute its instruction again, after looking at this vCPU's attention.
    retry,
};
/// Two registers, in which it is returned.
struct MmioRead {
    MmioResult access = MmioResult::done;
    /// As many bytes as were read, the rest zero.
    std::uint64_t value = 0;
};

} // namespace bulkhead::machine
