#include "console_session.hpp"

#include "raw_terminal.hpp"

#include <poll.h>
#include <unistd.h>

namespace bulkhead::tool {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char leave_key = '\x1d'; // CTRL-]

bool is_readable(int descriptor)
{
    pollfd wait{descriptor, POLLIN, 0};
    return descriptor >= 0 && ::poll(&wait, 1, 0) > 0;
}

} // namespace

ConsoleEnd watch_console(Emulator& emulator, Elapsed at_most, const LineWatcher& watcher)
{
    const auto begin = Clock::now();
    LineCutter cutter;
    while (true) {
        const auto elapsed = std::chrono::duration_cast<Elapsed>(Clock::now() - begin);
        if (elapsed >= at_most) return ConsoleEnd::timed_out;
        const auto bytes = emulator.read(at_most - elapsed);
        if (!bytes) return ConsoleEnd::emulator_ended;
        const auto now = std::chrono::duration_cast<Elapsed>(Clock::now() - begin);
        for (const std::string& line : cutter.add(*bytes))
            if (watcher(parse_console_line(line), now)) return ConsoleEnd::satisfied;
    }
}

ConsoleEnd attach_terminal(Emulator& emulator)
{
    const RawTerminal raw;
    int keys = STDIN_FILENO;
    while (true) {
        const auto bytes = emulator.read(std::chrono::minutes{1}, keys);
        if (!bytes) return ConsoleEnd::emulator_ended;
        write_all(STDOUT_FILENO, *bytes);
        if (!is_readable(keys)) continue;
        const std::string typed = read_some(keys);
        if (typed.empty()) keys = -1; // the other end is gone; the console goes on without it
        const std::size_t leave = typed.find(leave_key);
        emulator.write(std::string_view{typed}.substr(0, leave));
        if (leave != std::string::npos) return ConsoleEnd::left;
    }
}

} // namespace bulkhead::tool
