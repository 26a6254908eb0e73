#include "command.hpp"
#include "description_keys.hpp"
#include "system_build.hpp"

#include <fmt/format.h>
#include <memory>

namespace bulkhead::tool {

void add_check_command(CLI::App& line, Chosen& chosen)
{
    CLI::App* command =
        line.add_subcommand("check", "check a system description and say what is wrong with it");
    const auto file = std::make_shared<std::string>();
    const auto keys = std::make_shared<bool>(false);
    auto* file_option = command->add_option("FILE", *file, "the description (TOML)");
    command->add_flag("--keys", *keys, "show the keys a description can have, and end")
        ->excludes(file_option);
    command->callback([=, &chosen] {
        if (!*keys && file->empty()) throw CLI::RequiredError("FILE");
        chosen = [=](Session& session) {
            if (*keys) {
                fmt::print("{}", keys_explained());
                return 0;
            }
            const LoadedDescription loaded = load_description({.file = *file});
            check_system(session, loaded);
            fmt::print("{}: nothing wrong found: {} domain{}\n", *file,
                       loaded.description.domains.size(),
                       loaded.description.domains.size() == 1 ? "" : "s");
            return 0;
        };
    });
}

} // namespace bulkhead::tool
