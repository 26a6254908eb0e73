#pragma once

#include <expected>

namespace bulkhead {

/// Why an operation failed, in Xen's numbers (public/errno.h), so that a hypercall can return it.
enum class Error : int {
    not_permitted = 1,    // EPERM
    no_entry = 2,         // ENOENT
    no_such_process = 3,  // ESRCH
    too_big = 7,          // E2BIG
    try_again = 11,       // EAGAIN
    out_of_memory = 12,   // ENOMEM
    access_denied = 13,   // EACCES
    bad_address = 14,     // EFAULT
    busy = 16,            // EBUSY
    exists = 17,          // EEXIST
    no_device = 19,       // ENODEV
    invalid = 22,         // EINVAL
    no_space = 28,        // ENOSPC
    out_of_range = 34,    // ERANGE
    not_implemented = 38, // ENOSYS
    no_data = 61,         // ENODATA
    overflow = 75,        // EOVERFLOW
    not_supported = 95,   // EOPNOTSUPP
    not_connected = 107,  // ENOTCONN
};

template <typename T>
using Result = std::expected<T, Error>;

constexpr std::unexpected<Error> failure(Error error) { return std::unexpected{error}; }

} // namespace bulkhead
