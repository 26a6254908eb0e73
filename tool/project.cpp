#include "project.hpp"

#include "failure.hpp"

#include <fmt/format.h>

namespace bulkhead::tool {

Project Project::of_this_program()
{
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
    std::filesystem::path root = program;
    for (int levels = 0; levels < 5; ++levels)
        root = root.parent_path();
    if (!std::filesystem::exists(root / "hypervisor"))
        throw Failure{fmt::format("{} is not inside a Bulkhead source tree; use its ./bulkhead",
                                  program.string())};
    return Project{root};
}

} // namespace bulkhead::tool
