#include "progress.hpp"

#include "failure.hpp"
#include "file_contents.hpp"

#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>
#include <vector>

namespace bulkhead::tool {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds reminder_every{15};
/// What is quicker than this had nothing to do, and is not worth a line.
constexpr milliseconds worth_a_line{1000};

std::string last_lines(std::string_view text, std::size_t count)
{
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    std::size_t begin = text.size();
    for (; count > 0 && begin != std::string_view::npos && begin > 0; --count)
        begin = text.rfind('\n', begin - 1);
    if (begin == std::string_view::npos)
        begin = 0;
    else if (begin > 0)
        ++begin;
    return std::string{text.substr(begin)};
}

} // namespace

std::string format_duration(milliseconds duration)
{
    const auto whole = duration_cast<seconds>(duration).count();
    if (whole < 60) return fmt::format("{:.1f} s", static_cast<double>(duration.count()) / 1000.0);
    return fmt::format("{} min {} s", whole / 60, whole % 60);
}

Progress::Progress(std::filesystem::path log_folder, bool verbose)
    : log_folder_{std::move(log_folder)}, verbose_{verbose}, live_{::isatty(STDERR_FILENO) == 1}
{
}

void Progress::say(std::string_view text) const { fmt::print(stderr, "bulkhead: {}\n", text); }

void Progress::show(const Command& command) const
{
    if (verbose_) fmt::print(stderr, "+ {}\n", command.shown());
}

void Progress::step(std::string_view what, const Command& command, std::string_view log_name,
                    std::string_view advice) const
{
    show(command);
    const std::filesystem::path log = log_folder_ / fmt::format("{}.log", log_name);
    const FileDescriptor file = create_file(log.string());
    const auto begin = Clock::now();
    const auto elapsed = [&] { return duration_cast<milliseconds>(Clock::now() - begin); };

    ChildProcess child{command,
                       verbose_ ? ChildProcess::Streams{}
                                : ChildProcess::Streams{.output = file.get(), .error = file.get()}};
    const bool rewrites = live_ && !verbose_;
    bool announced = false;
    auto reminded = elapsed();
    std::optional<Ending> ending;
    while (!(ending = child.wait(milliseconds{200}))) {
        if (elapsed() < worth_a_line) continue;
        if (rewrites) {
            fmt::print(stderr, "\rbulkhead: {} ... {}\033[K", what, format_duration(elapsed()));
            announced = true;
        } else if (!announced) {
            say(fmt::format("{} ...", what));
            announced = true;
        } else if (elapsed() - reminded > reminder_every) {
            reminded = elapsed();
            say(fmt::format("{} ... {}", what, format_duration(elapsed())));
        }
    }
    if (rewrites && announced) fmt::print(stderr, "\r\033[K");
    if (ending->ok()) {
        if (announced) say(fmt::format("{}: done in {}", what, format_duration(elapsed())));
        return;
    }

    std::string text = fmt::format("{}: failed ({} exited with {})", what,
                                   command.arguments.front(), ending->exit_code);
    if (!verbose_)
        text += fmt::format("\n{}\nall of it: {}", last_lines(read_file(log), 30), log.string());
    if (!advice.empty()) text += fmt::format("\n{}", advice);
    throw Failure{text};
}

Ending Progress::run_in_view(const Command& command) const
{
    show(command);
    ChildProcess child{command, {}};
    while (true)
        if (const auto ending = child.wait(seconds{60})) return *ending;
}

} // namespace bulkhead::tool
