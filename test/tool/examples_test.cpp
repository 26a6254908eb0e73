#include "description_keys.hpp"
#include "description_reader.hpp"
#include "temporary_project.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

TEST(Examples, are_right_as_they_are_and_on_every_machine_the_demo_offers)
{
    const TemporaryProject folder; // nothing is built or downloaded in it
    for (const auto& entry : std::filesystem::directory_iterator{EXAMPLES_FOLDER}) {
        std::vector<MachineOverride> machines{{}};
        if (entry.path().filename() == "demo.toml")
            machines.insert(machines.end(), {{.kind = MachineKind::zcu102},
                                             {.kind = MachineKind::virt},
                                             {.kind = MachineKind::virt, .gic = 2}});
        for (const MachineOverride& instead : machines) {
            Problems problems;
            const SystemDescription description =
                read_description(read_file(entry.path()), entry.path(), instead, problems);
            (void)plan_system(description, folder.project(), 2U << 20U, problems);
            EXPECT_EQ(problems.shown(entry.path().string()), "");
        }
    }
}

TEST(Examples, of_each_key_have_the_right_type)
{
    // A description made of the examples in the list of keys is read without a problem.
    std::string toml = "[machine]\n";
    for (const KeyDescription& key : machine_keys())
        toml += key.name + " = " + key.example + "\n";
    toml += "[[domain]]\n";
    for (const KeyDescription& key : domain_keys())
        toml += key.name + " = " + key.example + "\n";
    toml += "[[pool]]\n";
    for (const KeyDescription& key : pool_keys())
        if (key.name != "window") toml += key.name + " = " + key.example + "\n";
    toml += "[[pool.window]]\n";
    for (const KeyDescription& key : window_keys())
        toml += key.name + " = " + key.example + "\n";
    toml += "[[channel]]\n";
    for (const KeyDescription& key : channel_keys())
        toml += key.name + " = " + key.example + "\n";
    toml += "[[shared_memory]]\n";
    for (const KeyDescription& key : shared_memory_keys())
        toml += key.name + " = " + key.example + "\n";
    Problems problems;
    (void)read_description(toml, "keys.toml", {}, problems);
    EXPECT_EQ(problems.shown("keys.toml"), "");
    EXPECT_TRUE(keys_explained().contains("  memory = \"256 MiB\" "));
}

} // namespace
} // namespace bulkhead::tool
