#pragma once
#include "console_line.hpp"
#include "emulator.hpp"

#include <chrono>
#include <functional>

namespace bulkhead::tool {

/// Why nobody watches the console any more.
enum class ConsoleEnd : std::uint8_t {
    satisfied,      ///< the watcher has seen what it waited for
    emulator_ended, ///< the machine was powered off, or the emulator failed
    timed_out,
    left ///< the user left the console
};

using Elapsed = std::chrono::milliseconds;

/// Called for each line with the time since the emulator was started; true ends the watch.
using LineWatcher = std::function<bool(const ConsoleLine& line, Elapsed elapsed)>;

/// Reads the console line by line until the watcher is satisfied.
ConsoleEnd watch_console(Emulator& emulator, Elapsed at_most, const LineWatcher& watcher);

/// Makes the user's terminal the console, until they leave it with CTRL-].
ConsoleEnd attach_terminal(Emulator& emulator);

/// How to leave an attached terminal, for the user.
inline constexpr const char* attach_help = "your terminal is the console; CTRL-a three times goes "
                                           "to the next domain, CTRL-] ends everything";

} // namespace bulkhead::tool
