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
#include <thread>

namespace bulkhead::tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* folders[] = {"hypervisor", "guest", "tool", "test", "bench"};

bool is_cpp(const fs::path& path)
{
    return path.extension() == ".cpp" || path.extension() == ".hpp";
}

std::vector<fs::path> cpp_files(const Project& project)
{
    std::vector<fs::path> files;
    for (const char* folder : folders)
        for (const auto& entry : fs::recursive_directory_iterator{project.root() / folder})
            if (entry.is_regular_file() && is_cpp(entry.path())) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

/// Sources of one folder. clang-tidy reads them as one that includes them all: headers, which are
/// most of what it looks at, count once.
struct Bundle {
    fs::path folder; // from the project's
    std::vector<fs::path> sources;
    std::string flags; // a compile command without what is compiled

    std::uintmax_t size() const
    {
        std::uintmax_t sum = 0;
        for (const fs::path& source : sources)
            sum += fs::file_size(source);
        return sum;
    }
};

/// What is generated, and the tests: GoogleTest's headers take clang-tidy as long as all of the
/// rest.
bool is_left_out(const fs::path& top) { return top == "out" || top == "test"; }

using Bundles = std::map<fs::path, Bundle>; // by folder

/// Adds a build's sources. Precompiled headers are left out: all that is in them would be looked
/// at.
void add_sources(Bundles& bundles, const Project& project, const fs::path& build)
{
    static const std::regex left_out{" -Winvalid-pch| -Xclang -include(-pch)? -Xclang \\S+| -o .*"};
    static const std::regex definition{" -D\\S+"};
    for (const auto& command : nlohmann::json::parse(read_file(build / "compile_commands.json"))) {
        const fs::path source = fs::path{command.at("file").get<std::string>()}.lexically_normal();
        const fs::path folder = source.parent_path().lexically_relative(project.root());
        if (!is_cpp(source) || folder.empty() || is_left_out(*folder.begin())) continue;
        Bundle& bundle = bundles[folder];
        if (std::ranges::find(bundle.sources, source) != bundle.sources.end()) continue;
        bundle.folder = folder;
        bundle.sources.push_back(source);
        const auto flags =
            std::regex_replace(command.at("command").get<std::string>(), left_out, "");
        if (bundle.flags.empty()) bundle.flags = flags;
        for (std::sregex_iterator each{flags.begin(), flags.end(), definition}, end; each != end;
             ++each)
            if (!bundle.flags.contains(each->str())) bundle.flags += each->str();
    }
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
    Bundle bundle;
    FileDescriptor output;
    ChildProcess child;

    TidyRun(Bundle of, const fs::path& place)
        : bundle{std::move(of)}, output{create_file((place / "log").string())},
          child{{{"clang-tidy-19", "--quiet", "--warnings-as-errors=*", "-p", place.string(),
                  (place / "all.cpp").string()}},
                {.output = output.get(), .error = output.get()}}
    {
    }
};

class TidyPool {
public:
    explicit TidyPool(Session& session) : session_{session} {}

    /// Looks at a folder, unless it was clean and nothing has changed since.
    void add(Bundle bundle, fs::file_time_type newest)
    {
        const fs::path stamp = stamp_of(bundle.folder);
        for (const fs::path& source : bundle.sources)
            newest = std::max(newest, fs::last_write_time(source));
        if (fs::exists(stamp) && fs::last_write_time(stamp) > newest) return;
        fs::remove(stamp);
        is_clean_[bundle.folder] = true;
        waiting_.push_back(std::move(bundle));
    }

    bool finish()
    {
        // What takes longest first: the last to end are small.
        waiting_.sort([](const auto& a, const auto& b) { return a.size() > b.size(); });
        while (!waiting_.empty() || !running_.empty()) {
            while (!waiting_.empty() &&
                   running_.size() < std::max(1U, std::thread::hardware_concurrency())) {
                start(waiting_.front());
                waiting_.pop_front();
            }
            collect();
        }
        bool all_clean = true;
        for (const auto& [folder, clean] : is_clean_) {
            if (clean) write_file(stamp_of(folder), "");
            all_clean = all_clean && clean;
        }
        return all_clean;
    }

private:
    fs::path lint() const { return session_.project.out() / "lint"; }
    fs::path stamp_of(const fs::path& folder) const { return lint() / folder / "clean"; }
    fs::path place_of(const Bundle& bundle) const
    {
        return lint() / bundle.folder / bundle.sources.front().stem();
    }

    void start(const Bundle& bundle)
    {
        const fs::path place = place_of(bundle);
        std::string all;
        for (const fs::path& source : bundle.sources)
            all += fmt::format("#include \"{}\"\n", source.string());
        const auto file = (place / "all.cpp").string();
        write_file(file, all);
        write_file(place / "compile_commands.json",
                   nlohmann::json::array({{{"directory", place.string()},
                                           {"file", file},
                                           {"command", bundle.flags + " -w -c " + file}}})
                       .dump());
        const fs::path top = *bundle.folder.begin();
        if (const fs::path rules = session_.project.root() / top / ".clang-tidy"; fs::exists(rules))
            copy_file_if_changed(rules, lint() / top / ".clang-tidy");
        running_.emplace_back(bundle, place);
    }

    /// Waits until at least one run has ended.
    void collect()
    {
        for (auto run = running_.begin();; ++run) {
            if (run == running_.end()) run = running_.begin();
            const auto ending = run->child.wait(std::chrono::milliseconds{50});
            if (!ending) continue;
            if (!ending->ok()) complain(run->bundle);
            running_.erase(run);
            return;
        }
    }

    /// Two files that use a name for different things cannot be read as one, but their halves may
    /// be.
    void complain(Bundle& bundle)
    {
        const std::string log = read_file(place_of(bundle) / "log");
        const auto half = static_cast<std::ptrdiff_t>(bundle.sources.size() / 2);
        if (half != 0 && log.contains("[clang-diagnostic-error]")) {
            Bundle second = bundle;
            second.sources.erase(second.sources.begin(), second.sources.begin() + half);
            bundle.sources.resize(static_cast<std::size_t>(half));
            waiting_.push_front(std::move(bundle));
            waiting_.push_front(std::move(second));
            return;
        }
        is_clean_[bundle.folder] = false;
        fmt::print("{}", log);
        std::fflush(stdout);
    }

    Session& session_;
    std::list<Bundle> waiting_;
    std::list<TidyRun> running_;
    std::map<fs::path, bool> is_clean_;
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
    const fs::path build = session.project.out() / "build";
    Bundles bundles; // the target's flags win where both builds compile a file
    add_sources(bundles, session.project, build / "target");
    Bundles on_host;
    add_sources(on_host, session.project, build / "host");
    bundles.merge(on_host);

    TidyPool pool{session};
    const fs::file_time_type newest = newest_common_input(session.project);
    for (auto& [folder, bundle] : bundles)
        pool.add(std::move(bundle), newest);
    return pool.finish();
}

} // namespace bulkhead::tool
