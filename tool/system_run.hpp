#pragma once
#include "console_session.hpp"
#include "session.hpp"
#include "system_build.hpp"

namespace bulkhead::tool {

/// How to watch a system run.
struct RunRequest {
    SystemRequest system;
    bool interactive = false; ///< the user's terminal is the console
    bool shown = true;        ///< lines are shown as they come
    std::chrono::milliseconds at_most{std::chrono::hours{24 * 365}};
    std::string log_name{}; ///< the log is out/log/NAME.log
    LineWatcher watcher{};  ///< may be absent
    /// What is typed upon a line; may be absent.
    std::function<std::string(const ConsoleLine& line)> answer{};
    std::vector<std::string> more_arguments{}; ///< for QEMU
};

struct RunResult {
    ConsoleEnd end;
    std::string ending; ///< what became of the emulator, if it ended by itself
    std::filesystem::path log;
    SystemPlan plan;
};

/// Builds a system into out/run/NAME and runs it under QEMU until it ends, the watcher is
/// satisfied, the user leaves, or the time is over.
RunResult run_system(Session& session, const RunRequest& request);

} // namespace bulkhead::tool
