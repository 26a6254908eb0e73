#include "command.hpp"
#include "failure.hpp"
#include "file_contents.hpp"
#include "system_build.hpp"
#include "target_build.hpp"

#include <fmt/format.h>
#include <map>
#include <memory>

namespace bulkhead::tool {
namespace {

namespace fs = std::filesystem;

int build_hypervisor(Session& session, bool debug, Profile profile)
{
    const TargetOutputs outputs = build_target(session, debug, profile);
    fmt::print("{}\n{}\n{}/\n", outputs.hypervisor.string(), outputs.hypervisor_elf.string(),
               outputs.guests.string());
    return 0;
}

int build_description(Session& session, const fs::path& file, Profile profile)
{
    const fs::path folder = session.project.out() / "systems" / file.stem();
    const BuiltSystem system = build_system(session, {.file = file, .profile = profile}, folder);
    fs::remove(folder / "start.bin"); // only an emulator needs it

    const std::string table = load_table(system.entries);
    write_file(folder / "boot.cmd", uboot_script(system.plan, system.entries));
    write_file(folder / "addresses.txt", table);
    session.progress.step(
        "packing the U-Boot script",
        {{"mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", "Bulkhead", "-d",
          (folder / "boot.cmd").string(), (folder / "boot.scr").string()}},
        "mkimage");
    fmt::print("{}\nAll of it is in {}; U-Boot runs boot.scr.\n", table, folder.string());
    return 0;
}

} // namespace

void add_profile_option(CLI::App& command, Profile& profile)
{
    static const std::map<std::string, Profile> names{{"full", Profile::full},
                                                      {"partition", Profile::partition}};
    command
        .add_option("--profile", profile,
                    "full (the usual), or partition: without hypercalls, event channels and trace")
        ->transform(CLI::Transformer(names))
        ->type_name("full|partition");
}

void add_build_command(CLI::App& line, Chosen& chosen)
{
    CLI::App* command =
        line.add_subcommand("build", "build the hypervisor and the guests into out/; with FILE, "
                                     "what a board needs to boot that system");
    const auto file = std::make_shared<std::string>();
    const auto debug = std::make_shared<bool>(false);
    command->add_option(
        "FILE", *file,
        "a system description: writes its device tree, U-Boot script and load addresses");
    command->add_flag("--debug", *debug, "a build for debugging, in out/debug/");
    const auto profile = std::make_shared<Profile>(Profile::full);
    add_profile_option(*command, *profile);
    command->callback([=, &chosen] {
        chosen = [=](Session& session) {
            if (file->empty()) return build_hypervisor(session, *debug, *profile);
            if (*debug)
                throw Failure{
                    "--debug goes with a build of the hypervisor alone, not with a description"};
            return build_description(session, *file, *profile);
        };
    });
}

} // namespace bulkhead::tool
