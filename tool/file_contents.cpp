#include "file_contents.hpp"

#include "failure.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace bulkhead::tool {

std::string read_file(const std::filesystem::path& path)
{
    std::ifstream file{path, std::ios::binary};
    std::ostringstream bytes;
    if (file && std::filesystem::file_size(path) > 0) bytes << file.rdbuf();
    if (!file)
        throw Failure{fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno))};
    return std::move(bytes).str();
}

void write_file(const std::filesystem::path& path, std::string_view bytes)
{
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
    const std::filesystem::path draft = fmt::format("{}.{}", path.string(), ::getpid());
    std::ofstream file{draft, std::ios::binary | std::ios::trunc};
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file)
        throw Failure{
            fmt::format("{}: cannot be written: {}", path.string(), std::strerror(errno))};
    std::filesystem::rename(draft, path);
}

void write_file_if_changed(const std::filesystem::path& path, std::string_view bytes)
{
    if (std::filesystem::is_regular_file(path) && read_file(path) == bytes) return;
    write_file(path, bytes);
}

void copy_file_if_changed(const std::filesystem::path& from, const std::filesystem::path& to)
{
    write_file_if_changed(to, read_file(from));
}

} // namespace bulkhead::tool
