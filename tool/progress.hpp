#pragma once
#include "process.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace bulkhead::tool {

/// Tells the user, on stderr, what the tool is doing and for how long it has been at it. stdout is
/// left to results.
class Progress {
public:
    /// `log_folder` receives the output of each step.
    Progress(std::filesystem::path log_folder, bool verbose);

    [[nodiscard]] bool verbose() const { return verbose_; }

    /// One line for the user.
    void say(std::string_view text) const;

    /// Shows a command if the user asked for that.
    void show(const Command& command) const;

    /// Runs a command that may take long: says what is being done and the time that took, keeps
    /// the output in LOG_FOLDER/`log_name`.log (and shows it with --verbose). Throws Failure with
    /// the end of that output and `advice` if the command fails.
    void step(std::string_view what, const Command& command, std::string_view log_name,
              std::string_view advice = {}) const;

    /// Runs a command whose output is the result: it goes to the user as it is.
    [[nodiscard]] Ending run_in_view(const Command& command) const;

private:
    std::filesystem::path log_folder_;
    bool verbose_;
    bool live_; ///< stderr is a terminal: a line may be rewritten
};

/// "7.3 s", "2 min 5 s".
std::string format_duration(std::chrono::milliseconds duration);

} // namespace bulkhead::tool
