#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <cstddef>
#include <cstdint>

namespace bulkhead::machine {

enum class GuestAccess : std::uint8_t { read, write };

/// What the guest on this CPU means by a virtual address, through its EL1 translation and with its
/// EL1's rights, whatever stage 2 has there. bad_address when the access would fault.
[[nodiscard]] Result<GuestAddress> translate_guest(VirtualAddress address, GuestAccess access);

/// Places where a CPU reaches one page of guests' RAM each; nothing else of that RAM is mapped.
enum class Window : std::uint8_t { argument, shared_info, vcpu_info };
inline constexpr unsigned windows = 3;

/// `page` through a window of this CPU, until the next call for that window.
[[nodiscard]] std::byte* open_window(Window window, PhysicalAddress page);

} // namespace bulkhead::machine
