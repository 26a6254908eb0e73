#include "emulator.hpp"

#include "failure.hpp"
#include "file_contents.hpp"
#include "interruption.hpp"

#include <array>
#include <fmt/format.h>
#include <poll.h>

namespace bulkhead::tool {

Emulator::Emulator(const Command& command, const std::filesystem::path& log)
    : Emulator{command, log, make_pipe(), make_pipe()}
{
}

Emulator::Emulator(const Command& command, const std::filesystem::path& log, Pipe input,
                   Pipe output)
    : error_log_{log.string() + ".qemu"}, log_{create_file(log.string())},
      errors_{create_file(error_log_.string())}, input_{std::move(input.write)},
      output_{std::move(output.read)},
      child_{command,
             {.input = input.read.get(), .output = output.write.get(), .error = errors_.get()}}
{
}

std::optional<std::string> Emulator::read(std::chrono::milliseconds at_most, int also_wake_on)
{
    std::array<pollfd, 3> waits{pollfd{output_.get(), POLLIN, 0},
                                pollfd{interruption::descriptor(), POLLIN, 0},
                                pollfd{also_wake_on, POLLIN, 0}};
    ::poll(waits.data(), waits.size(), static_cast<int>(at_most.count()));
    interruption::check();
    if (waits[0].revents == 0) return std::string{};
    std::string bytes = read_some(output_.get());
    if (bytes.empty()) return std::nullopt;
    write_all(log_.get(), bytes);
    return bytes;
}

void Emulator::write(std::string_view bytes)
{
    try {
        write_all(input_.get(), bytes);
    } catch (const Failure&) {
        // The emulator has ended with keys still to be typed; read() says so.
    }
}

std::string Emulator::ending()
{
    const auto ending = child_.wait(std::chrono::seconds{5});
    if (!ending) return "QEMU closed its console and still runs";
    if (ending->ok()) return "QEMU ended";
    return fmt::format("QEMU failed (exit code {}): {}", ending->exit_code, read_file(error_log_));
}

} // namespace bulkhead::tool
