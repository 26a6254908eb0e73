#include "lint.hpp"

#include "failure.hpp"
#include "file_contents.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <list>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <thread>

namespace bulkhead::tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* formatted_folders[] = {"hypervisor", "guest", "tool", "test"};
/// Without test/: GoogleTest's headers take clang-tidy longer than all of the rest.
constexpr const char* tidied_folders[] = {"hypervisor", "guest", "tool"};

bool is_cpp(const fs::path& path)
{
    return path.extension() == ".cpp" || path.extension() == ".hpp";
}

std::vector<fs::path> cpp_files(const Project& project)
{
    std::vector<fs::path> files;
    for (const char* folder : formatted_folders)
        for (const auto& entry : fs::recursive_directory_iterator{project.root() / folder})
            if (entry.is_regular_file() && is_cpp(entry.path())) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

bool is_tidied(const Project& project, const fs::path& file)
{
    return is_cpp(file) && std::ranges::any_of(tidied_folders, [&](const char* folder) {
               return file.string().starts_with((project.root() / folder).string() + "/");
           });
}

/// Writes the compile commands of a build's sources that are to be looked at, each once and without
/// precompiled headers (which would have every file parse every header), and returns the sources.
std::set<fs::path> write_commands(const Project& project, const fs::path& build,
                                  const fs::path& into)
{
    static const std::regex precompiled{" -Winvalid-pch| -Xclang -include(-pch)? -Xclang \\S+"};
    std::set<fs::path> sources;
    nlohmann::json commands = nlohmann::json::array();
    for (auto& command : nlohmann::json::parse(read_file(build / "compile_commands.json"))) {
        const fs::path file = fs::path{command.at("file").get<std::string>()}.lexically_normal();
        if (!is_tidied(project, file) || !sources.insert(file).second) continue;
        command["command"] =
            std::regex_replace(command.at("command").get<std::string>(), precompiled, "");
        commands.push_back(command);
    }
    write_file_if_changed(into / "compile_commands.json", commands.dump(1));
    return sources;
}

/// When the newest header, or the rules, changed: what was clean before that is looked at again.
fs::file_time_type newest_common_input(const Project& project)
{
    fs::file_time_type newest = fs::last_write_time(project.root() / ".clang-tidy");
    for (const fs::path& file : cpp_files(project))
        if (file.extension() == ".hpp") newest = std::max(newest, fs::last_write_time(file));
    return newest;
}

struct TidyRun {
    fs::path source;
    fs::path log;
    FileDescriptor output;
    ChildProcess child;

    TidyRun(const fs::path& of, const fs::path& build, const fs::path& into)
        : source{of}, log{into}, output{create_file(into.string())},
          child{{{"clang-tidy-19", "--quiet", "--warnings-as-errors=*", "-p", build.string(),
                  of.string()}},
                {.output = output.get(), .error = output.get()}}
    {
    }
};

class TidyPool {
public:
    TidyPool(Session& session, std::size_t total) : session_{session}, total_{total} {}

    void start(const fs::path& source, const fs::path& build, const fs::path& stamp)
    {
        while (running_.size() >= std::max(1U, std::thread::hardware_concurrency()))
            collect();
        running_.emplace_back(source, build, fs::path{stamp.string() + ".log"});
        stamps_[source] = stamp;
    }

    bool finish()
    {
        while (!running_.empty())
            collect();
        return all_clean_;
    }

private:
    /// Waits until at least one run has ended.
    void collect()
    {
        for (auto run = running_.begin();; ++run) {
            if (run == running_.end()) run = running_.begin();
            const auto ending = run->child.wait(std::chrono::milliseconds{50});
            if (!ending) continue;
            ++done_;
            if (ending->ok()) {
                write_file(stamps_[run->source], "");
                if (done_ % 10 == 0)
                    session_.progress.say(fmt::format("clang-tidy: {} of {} files", done_, total_));
            } else {
                all_clean_ = false;
                fmt::print("{}", read_file(run->log));
                std::fflush(stdout);
            }
            running_.erase(run);
            return;
        }
    }

    Session& session_;
    std::size_t total_;
    std::size_t done_ = 0;
    std::list<TidyRun> running_;
    std::map<fs::path, fs::path> stamps_;
    bool all_clean_ = true;
};

} // namespace

bool check_format(Session& session)
{
    std::vector<std::string> arguments{"clang-format-19", "--dry-run", "-Werror"};
    for (const fs::path& file : cpp_files(session.project))
        arguments.push_back(file.string());
    if (session.progress.run_in_view({std::move(arguments)}).ok()) return true;
    session.progress.say("clang-format-19 -i FILE formats a file as the project does");
    return false;
}

bool check_tidy(Session& session)
{
    const Project& project = session.project;
    const fs::path lint = project.out() / "lint";
    std::map<fs::path, fs::path> commands_of;
    for (const char* build : {"host", "target"}) // the target's flags win where both compile a file
        for (const fs::path& source :
             write_commands(project, project.out() / "build" / build, lint / build))
            commands_of[source] = lint / build;

    const fs::file_time_type newest = newest_common_input(project);
    const auto stamp_of = [&](const fs::path& source) {
        return lint / fs::path{source.lexically_relative(project.root()).string() + ".clean"};
    };
    std::erase_if(commands_of, [&](const auto& entry) {
        const fs::path stamp = stamp_of(entry.first);
        return fs::exists(stamp) && fs::last_write_time(stamp) > newest &&
               fs::last_write_time(stamp) > fs::last_write_time(entry.first);
    });
    TidyPool pool{session, commands_of.size()};
    for (const auto& [source, build] : commands_of)
        pool.start(source, build, stamp_of(source));
    return pool.finish();
}

} // namespace bulkhead::tool
