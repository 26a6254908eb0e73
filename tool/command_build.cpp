#include "command.hpp"
#include "failure.hpp"
#include "file_contents.hpp"
#include "system_build.hpp"
#include "target_build.hpp"

#include <fmt/format.h>
#include <memory>

namespace bulkhead::tool {
namespace {

namespace fs = std::filesystem;

bool is_in_path(const std::string& program)
{
    return run_captured({{"sh", "-c", "command -v \"$1\"", "sh", program}}).ending.ok();
}

int build_hypervisor(Session& session, bool debug)
{
    const TargetOutputs outputs = build_target(session, debug);
    fmt::print("{}\n{}\n{}/\n", outputs.hypervisor.string(), outputs.hypervisor_elf.string(),
               outputs.guests.string());
    return 0;
}

int build_description(Session& session, const fs::path& file)
{
    const fs::path folder = session.project.out() / "systems" / file.stem();
    const BuiltSystem system = build_system(session, {.file = file}, folder);
    fs::remove(folder / "start.bin"); // only an emulator needs it

    const std::string table = load_table(system.entries);
    write_file(folder / "boot.cmd", uboot_script(system.plan, system.entries));
    write_file(folder / "addresses.txt", table);
    std::string script = "boot.cmd";
    if (is_in_path("mkimage")) {
        session.progress.step(
            "packing the U-Boot script",
            {{"mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", "Bulkhead", "-d",
              (folder / "boot.cmd").string(), (folder / "boot.scr").string()}},
            "mkimage");
        script = "boot.scr";
    } else {
        session.progress.say("no boot.scr without mkimage: install u-boot-tools, or type "
                             "boot.cmd's lines at U-Boot's prompt");
    }
    fmt::print("{}\nAll of it is in {}; U-Boot runs {}.\n", table, folder.string(), script);
    return 0;
}

} // namespace

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
    command->callback([=, &chosen] {
        chosen = [=](Session& session) {
            if (file->empty()) return build_hypervisor(session, *debug);
            if (*debug)
                throw Failure{
                    "--debug goes with a build of the hypervisor alone, not with a description"};
            return build_description(session, *file);
        };
    });
}

} // namespace bulkhead::tool
