#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace bulkhead::tool {

/// The whole file; throws Failure naming it if it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// Replaces the file at once (a reader sees the old or the new one) and makes its folder.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// As write_file, but leaves a file that already has these bytes alone, with its time.
void write_file_if_changed(const std::filesystem::path& path, std::string_view bytes);

/// Copies a file the same way.
void copy_file_if_changed(const std::filesystem::path& from, const std::filesystem::path& to);

} // namespace bulkhead::tool
