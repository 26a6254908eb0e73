#pragma once
#include "file_contents.hpp"
#include "project.hpp"
#include "system_plan.hpp"

#include <string>
#include <string_view>

namespace bulkhead::tool {

/// A project folder of a test's own, removed with it.
class TemporaryProject {
public:
    TemporaryProject();
    TemporaryProject(const TemporaryProject&) = delete;
    TemporaryProject& operator=(const TemporaryProject&) = delete;
    ~TemporaryProject();

    [[nodiscard]] const Project& project() const { return project_; }

    /// Puts a file into the folder where descriptions are.
    void add_file(const std::string& name, std::string_view contents) const;

    /// Everything that is wrong with a description, as a user sees it, with "FILE" for its name.
    [[nodiscard]] std::string problems_of(const std::string& toml) const;

    /// The plan of a description without problems.
    [[nodiscard]] SystemPlan plan_of(const std::string& toml) const;

private:
    Project project_;
};

/// The head of an arm64 Image that says how much memory it uses, and `file_size` bytes in all.
std::string arm64_image(std::uint64_t memory_size, std::size_t file_size = 4096);

} // namespace bulkhead::tool
