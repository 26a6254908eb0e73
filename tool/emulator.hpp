#pragma once
#include "file_descriptor.hpp"
#include "process.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace bulkhead::tool {

/// A running emulator and its console. All that the console says is also kept in a log.
class Emulator {
public:
    /// What the emulator itself has to say goes to `log` + ".qemu".
    Emulator(const Command& command, const std::filesystem::path& log);

    /// What the console said, waiting at most so long for it (and no longer than until
    /// `also_wake_on`, if given, is readable). Empty on a timeout; nothing once it has ended.
    std::optional<std::string> read(std::chrono::milliseconds at_most, int also_wake_on = -1);

    /// Types on the console.
    void write(std::string_view bytes);

    /// How it ended, and its own last words if that was a failure.
    std::string ending();

private:
    Emulator(const Command& command, const std::filesystem::path& log, Pipe input, Pipe output);

    std::filesystem::path error_log_;
    FileDescriptor log_;
    FileDescriptor errors_;
    FileDescriptor input_;
    FileDescriptor output_;
    ChildProcess child_;
};

} // namespace bulkhead::tool
