#pragma once
#include "file_descriptor.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace bulkhead::tool {

/// A program to run, as values: no shell, hence no quoting.
struct Command {
    std::vector<std::string> arguments;                             ///< the program first
    std::vector<std::pair<std::string, std::string>> environment{}; ///< added to the tool's own

    /// As one would type it in a shell.
    [[nodiscard]] std::string shown() const;
};

/// How a program ended.
struct Ending {
    int exit_code = 0; ///< 128 + signal when a signal ended it, as shells count
    [[nodiscard]] bool ok() const { return exit_code == 0; }
};

/// A running child process in a process group of its own. Whoever drops it ends the whole group:
/// nothing the tool starts outlives the tool (the kernel kills the child if the tool is killed).
class ChildProcess {
public:
    /// Which descriptors the child gets as stdin, stdout and stderr. -1 for stdin is /dev/null;
    /// -1 for the others means "the tool's own".
    struct Streams {
        int input = -1;
        int output = -1;
        int error = -1;
    };

    ChildProcess(const Command& command, Streams streams);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess();

    /// Becomes readable when the child has ended (pidfd_open(2)).
    [[nodiscard]] int ended_descriptor() const { return ended_.get(); }

    /// Waits at most so long; nothing if the child still runs. Throws Interrupted on SIGINT.
    std::optional<Ending> wait(std::chrono::milliseconds at_most);

    /// Asks the group to end (SIGTERM), kills it if it has not after a moment.
    void stop() noexcept;

private:
    std::optional<Ending> reap(bool block) noexcept;

    pid_t pid_ = -1;
    FileDescriptor ended_;
    std::optional<Ending> ending_;
};

/// Runs a command to its end with its output captured. For short queries.
struct Captured {
    Ending ending;
    std::string output;
};
Captured run_captured(const Command& command);

} // namespace bulkhead::tool
