#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

/// gzip files (RFC 1952): what a compressed kernel comes in. Any input is safe: it is decompressed
/// or refused, within the spans given.
namespace bulkhead::boot {

/// Does it start like one?
[[nodiscard]] bool is_gzip(std::span<const std::byte> input);

/// Bytes that `input`, all of one gzip file, says it decompresses to: no more than a claim until
/// `gunzip` agrees. not_supported: not gzip; no_data: too short to say.
Result<std::uint64_t> gunzipped_size(std::span<const std::byte> input);

/// Decompresses `input`, all of one gzip file with one member, and returns how many bytes of
/// `output` it took. not_supported: not gzip, or with what the RFC reserves; no_data: cut off;
/// no_space: more than `output` holds; invalid: damaged, by its code or its checksum. After an
/// error the contents of `output` mean nothing.
Result<std::size_t> gunzip(std::span<const std::byte> input, std::span<std::byte> output);

} // namespace bulkhead::boot
