#include "temporary_project.hpp"

#include "description_reader.hpp"

#include <cstdlib>
#include <stdexcept>

namespace bulkhead::tool {
namespace {

std::filesystem::path new_folder()
{
    std::string name = (std::filesystem::temp_directory_path() / "bulkhead-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    return name;
}

constexpr std::uint64_t hypervisor_size = 2ULL * 1024 * 1024;

} // namespace

TemporaryProject::TemporaryProject() : project_{new_folder()} {}

TemporaryProject::~TemporaryProject() { std::filesystem::remove_all(project_.root()); }

void TemporaryProject::add_file(const std::string& name, std::string_view contents) const
{
    write_file(project_.root() / name, contents);
}

std::string TemporaryProject::problems_of(const std::string& toml) const
{
    Problems problems;
    const SystemDescription description =
        read_description(toml, project_.root() / "system.toml", {}, problems);
    (void)plan_system(description, project_, hypervisor_size, problems);
    return problems.shown("FILE");
}

SystemPlan TemporaryProject::plan_of(const std::string& toml) const
{
    Problems problems;
    const SystemDescription description =
        read_description(toml, project_.root() / "system.toml", {}, problems);
    const auto plan = plan_system(description, project_, hypervisor_size, problems);
    if (!plan) throw std::runtime_error{"no plan: " + problems.shown("FILE")};
    return *plan;
}

std::string arm64_image(std::uint64_t memory_size, std::size_t file_size)
{
    std::string image(file_size, '\0');
    for (std::size_t byte = 0; byte < 8; ++byte)
        image[16 + byte] = static_cast<char>((memory_size >> (8 * byte)) & 0xffU);
    image.replace(56, 4, "ARM\x64");
    return image;
}

} // namespace bulkhead::tool
