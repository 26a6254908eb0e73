#include "base/host_console.hpp"

#include "machine/console.hpp"

namespace bulkhead {

constinit HostConsole host_console;

void HostConsole::write_line(std::initializer_list<std::string_view> parts)
{
    if (line_is_open_) machine::console_write("\n");
    line_is_open_ = false;
    for (const auto part : parts)
        machine::console_write(part);
    machine::console_write("\n");
}

void HostConsole::write_raw(std::string_view bytes)
{
    if (bytes.empty()) return;
    machine::console_write_raw(bytes);
    line_is_open_ = bytes.back() != '\n';
}

} // namespace bulkhead
