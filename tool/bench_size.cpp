#include "bench_size.hpp"

#include "failure.hpp"
#include "file_contents.hpp"
#include "target_build.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <sstream>

namespace bulkhead::tool {
namespace {

namespace fs = std::filesystem;

std::string output_of(const Command& command)
{
    const Captured captured = run_captured(command);
    if (!captured.ending.ok())
        throw Failure{fmt::format("{}: exit code {}", command.shown(), captured.ending.exit_code)};
    return captured.output;
}

/// Sections that the image file holds: `llvm-size -A` has a line with name, size, address for each.
std::uint64_t text_and_data(const std::filesystem::path& elf)
{
    std::istringstream lines{output_of({{"llvm-size-19", "-A", elf.string()}})};
    std::uint64_t total = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words{line};
        std::string name;
        std::uint64_t size = 0;
        if (words >> name >> size &&
            (name == ".text" || name == ".rodata" || name == ".data" || name == ".boot_data"))
            total += size;
    }
    return total;
}

/// Of what cloc is told to count. The last line of its CSV is the sum:
/// files,SUM,blank,comment,code.
std::uint64_t code_lines(const std::string& what)
{
    const std::string text = output_of({{"cloc", "--quiet", "--csv", what}});
    const std::size_t sum = text.rfind(",SUM,");
    const std::size_t last = text.find_last_not_of('\n');
    const std::size_t comma = text.rfind(',', last);
    if (sum == std::string::npos || comma == std::string::npos)
        throw Failure{fmt::format("cloc says no sum of {}", what)};
    return std::stoull(text.substr(comma + 1));
}

/// The sources of the partitioning profile and all headers of ours that they include, from what
/// ninja knows of its objects: "hypervisor/CMakeFiles/partition...: #deps", then a file a line.
std::string partition_files(const Project& project)
{
    const fs::path build = project.out() / "build" / "target";
    std::istringstream lines{output_of({{"ninja", "-C", build.string(), "-t", "deps"}})};
    const std::string ours = (project.root() / "hypervisor").string() + "/";
    std::set<std::string> files;
    bool is_its_own = false;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(' ')) {
            is_its_own = line.starts_with("hypervisor/CMakeFiles/partition");
        } else if (is_its_own) {
            const fs::path file =
                (build / line.substr(line.find_first_not_of(' '))).lexically_normal();
            if (file.string().starts_with(ours) && fs::exists(file)) files.insert(file.string());
        }
    }
    const fs::path list = build / "partition_files.txt";
    write_file(list, fmt::format("{}\n", fmt::join(files, "\n")));
    return fmt::format("--list-file={}", list.string());
}

/// The worst of what is said of each stack: "stack: vectors: at most 1456 of 8192 bytes".
std::uint64_t stack_use(const Project& project, const std::filesystem::path& elf)
{
    std::istringstream lines{
        output_of({{"/usr/bin/python3", (project.root() / "bench" / "stack_use.py").string(),
                    elf.string()}})};
    std::uint64_t worst = 0;
    for (std::string line; std::getline(lines, line);) {
        const std::string_view mark = "at most ";
        const std::size_t at = line.find(mark);
        if ((line.starts_with("stack: vectors") || line.starts_with("stack: interrupt")) &&
            at != std::string::npos)
            worst = std::max<std::uint64_t>(worst, std::stoull(line.substr(at + mark.size())));
    }
    return worst;
}

/// What a record costs: the function has no loop, so it runs no more instructions than it has.
std::uint64_t trace_record(const std::filesystem::path& elf)
{
    std::istringstream lines{output_of({{"llvm-nm-19", "-S", "-C", elf.string()}})};
    for (std::string line; std::getline(lines, line);) {
        if (!line.contains("sched::trace::record(bulkhead::sched::trace::Event")) continue;
        std::istringstream words{line};
        std::uint64_t address = 0;
        std::uint64_t bytes = 0;
        if (words >> std::hex >> address >> bytes) return bytes / 4;
    }
    throw Failure{fmt::format("{}: has no function sched::trace::record", elf.string())};
}

} // namespace

Column measure_size(Session& session)
{
    const TargetOutputs outputs = build_target(session, false);
    return {
        {"text_and_data", Figure::of(text_and_data(outputs.hypervisor_elf))},
        {"stack", Figure::of(stack_use(session.project, outputs.hypervisor_elf))},
        {"trace_record", Figure::of(trace_record(outputs.hypervisor_elf))},
        {"code_lines", Figure::of(code_lines((session.project.root() / "hypervisor").string()))},
        {"partition_bytes",
         Figure::of(text_and_data(session.project.out() / "partition" / "bulkhead.elf"))},
        {"partition_lines", Figure::of(code_lines(partition_files(session.project)))}};
}

} // namespace bulkhead::tool
