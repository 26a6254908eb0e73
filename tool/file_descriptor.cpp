#include "file_descriptor.hpp"

#include "failure.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>

namespace bulkhead::tool {

Pipe make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw Failure{fmt::format("pipe: {}", std::strerror(errno))};
    return {FileDescriptor{ends[0]}, FileDescriptor{ends[1]}};
}

FileDescriptor create_file(const std::string& path)
{
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0)
        throw Failure{fmt::format("{}: cannot write: {}", path, std::strerror(errno))};
    return FileDescriptor{descriptor};
}

void write_all(int descriptor, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) continue;
            throw Failure{fmt::format("write: {}", std::strerror(errno))};
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string read_some(int descriptor)
{
    std::array<char, 4096> buffer{};
    while (true) {
        const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
        if (got >= 0) return {buffer.data(), static_cast<std::size_t>(got)};
        if (errno == EIO) return {}; // a terminal whose other side has gone reads as its end
        if (errno != EINTR) throw Failure{fmt::format("read: {}", std::strerror(errno))};
    }
}

} // namespace bulkhead::tool
