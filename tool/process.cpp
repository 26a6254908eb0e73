#include "process.hpp"

#include "failure.hpp"
#include "interruption.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bulkhead::tool {
namespace {

std::string shell_quoted(const std::string& word)
{
    const auto is_plain = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               std::strchr("_-./=,:+@%", c) != nullptr;
    };
    if (!word.empty() && std::ranges::all_of(word, is_plain)) return word;
    std::string quoted = "'";
    for (const char c : word) {
        if (c == '\'')
            quoted += "'\\''";
        else
            quoted += c;
    }
    return quoted + "'";
}

/// Between fork and exec: only async-signal-safe calls, and no way back.
[[noreturn]] void become(char* const* arguments, char* const* environment,
                         ChildProcess::Streams streams)
{
    interruption::restore_for_child();
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int input =
        streams.input >= 0 ? streams.input : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(input, STDIN_FILENO);
    if (streams.output >= 0) ::dup2(streams.output, STDOUT_FILENO);
    if (streams.error >= 0) ::dup2(streams.error, STDERR_FILENO);
    ::execvpe(arguments[0], arguments, environment);
    constexpr std::string_view message = "cannot be started: ";
    const char* reason = strerrordesc_np(errno);
    for (const std::string_view part : {std::string_view{arguments[0]}, std::string_view{": "},
                                        message, std::string_view{reason}, std::string_view{"\n"}})
        if (::write(STDERR_FILENO, part.data(), part.size()) < 0) break;
    ::_exit(127);
}

} // namespace

std::string Command::shown() const
{
    std::string line;
    for (const auto& [name, value] : environment)
        line += fmt::format("{}={} ", name, shell_quoted(value));
    for (const std::string& argument : arguments)
        line += fmt::format("{} ", shell_quoted(argument));
    if (!line.empty()) line.pop_back();
    return line;
}

ChildProcess::ChildProcess(const Command& command, Streams streams)
{
    // Everything that allocates happens before fork().
    std::vector<std::string> environment_texts;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        const auto replaced = [&](const auto& pair) {
            return text.starts_with(pair.first) && text.substr(pair.first.size()).starts_with('=');
        };
        if (std::ranges::none_of(command.environment, replaced))
            environment_texts.emplace_back(text);
    }
    for (const auto& [name, value] : command.environment)
        environment_texts.push_back(fmt::format("{}={}", name, value));

    std::vector<std::string> argument_texts = command.arguments;
    const auto pointers = [](std::vector<std::string>& texts) {
        std::vector<char*> list;
        for (std::string& text : texts)
            list.push_back(text.data());
        list.push_back(nullptr);
        return list;
    };
    const std::vector<char*> arguments = pointers(argument_texts);
    const std::vector<char*> environment = pointers(environment_texts);

    pid_ = ::fork();
    if (pid_ < 0) throw Failure{fmt::format("fork: {}", std::strerror(errno))};
    if (pid_ == 0) become(arguments.data(), environment.data(), streams);
    ::setpgid(pid_, pid_); // also here: whoever comes first, so that stop() finds the group
    ended_ = FileDescriptor{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
    if (!ended_.is_open()) {
        const int error = errno;
        stop();
        throw Failure{fmt::format("pidfd_open: {}", std::strerror(error))};
    }
}

ChildProcess::~ChildProcess() { stop(); }

std::optional<Ending> ChildProcess::reap(bool block) noexcept
{
    if (ending_) return ending_;
    int status = 0;
    pid_t got = 0;
    do
        got = ::waitpid(pid_, &status, block ? 0 : WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got == pid_)
        ending_ = Ending{WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status)};
    return ending_;
}

std::optional<Ending> ChildProcess::wait(std::chrono::milliseconds at_most)
{
    if (ending_) return ending_;
    std::array<pollfd, 2> waits{pollfd{ended_.get(), POLLIN, 0},
                                pollfd{interruption::descriptor(), POLLIN, 0}};
    ::poll(waits.data(), waits.size(), static_cast<int>(at_most.count()));
    interruption::check();
    return reap(false);
}

void ChildProcess::stop() noexcept
{
    if (pid_ < 0 || ending_) return;
    ::kill(-pid_, SIGTERM);
    pollfd ended{ended_.get(), POLLIN, 0};
    ::poll(&ended, 1, 3000);
    if (!reap(false)) {
        ::kill(-pid_, SIGKILL);
        reap(true);
    }
}

Captured run_captured(const Command& command)
{
    Pipe pipe = make_pipe();
    ChildProcess child{command, {.output = pipe.write.get()}};
    pipe.write.close();
    Captured captured;
    while (true) {
        const std::string bytes = read_some(pipe.read.get());
        if (bytes.empty()) break;
        captured.output += bytes;
    }
    while (true)
        if (const auto ending = child.wait(std::chrono::milliseconds{1000})) {
            captured.ending = *ending;
            return captured;
        }
}

} // namespace bulkhead::tool
