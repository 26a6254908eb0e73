#pragma once
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace bulkhead::tool {

/// Owns a file descriptor.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int descriptor) : descriptor_{descriptor} {}
    FileDescriptor(FileDescriptor&& other) noexcept
        : descriptor_{std::exchange(other.descriptor_, -1)}
    {
    }
    FileDescriptor& operator=(FileDescriptor&& other) noexcept
    {
        if (this != &other) {
            close();
            descriptor_ = std::exchange(other.descriptor_, -1);
        }
        return *this;
    }
    ~FileDescriptor() { close(); }

    [[nodiscard]] int get() const { return descriptor_; }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

    void close() noexcept
    {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }

private:
    int descriptor_ = -1;
};

struct Pipe {
    FileDescriptor read;
    FileDescriptor write;
};

/// A pipe whose ends children do not inherit (unless dup2'ed).
Pipe make_pipe();

/// A file for writing, emptied; its folder is made if it is not there.
FileDescriptor create_file(const std::string& path);

/// Writes everything; throws Failure if the other end is gone or the disk is full.
void write_all(int descriptor, std::string_view bytes);

/// What one read(2) gives; empty at the end.
std::string read_some(int descriptor);

} // namespace bulkhead::tool
