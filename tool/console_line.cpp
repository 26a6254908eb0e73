#include "console_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

constexpr std::string_view hypervisor_prefix = "(XEN) ";
constexpr std::string_view domain_prefix = "DOM";

// ECMA-48 foreground colours: the hypervisor's first, then the domains' in turn.
constexpr std::array colours{36, 32, 33, 35, 34, 31};

} // namespace

ConsoleLine parse_console_line(std::string_view line)
{
    if (!line.starts_with(hypervisor_prefix)) return {std::nullopt, std::string{line}};
    line.remove_prefix(hypervisor_prefix.size());
    if (line.starts_with(domain_prefix)) {
        unsigned domain = 0;
        const char* digits = line.data() + domain_prefix.size();
        const char* end = line.data() + line.size();
        const auto [rest, error] = std::from_chars(digits, end, domain);
        if (error == std::errc{} && domain > 0 && rest != end && *rest == ':') {
            std::string_view text{rest + 1, static_cast<std::size_t>(end - rest - 1)};
            if (text.starts_with(' ')) text.remove_prefix(1);
            return {domain, std::string{text}};
        }
    }
    return {std::nullopt, std::string{line}};
}

std::vector<std::string> LineCutter::add(std::string_view bytes)
{
    std::vector<std::string> lines;
    for (const char byte : bytes) {
        switch (state_) {
        case State::escape: state_ = byte == '[' ? State::control_sequence : State::text; continue;
        case State::control_sequence:
            if (byte >= '@' && byte <= '~') state_ = State::text; // the sequence's final byte
            continue;
        case State::text: break;
        }
        if (byte == '\n') {
            lines.push_back(std::move(line_));
            line_.clear();
        } else if (byte == '\033') {
            state_ = State::escape;
        } else if (byte == '\t' || static_cast<unsigned char>(byte) >= ' ') {
            line_ += byte;
        }
    }
    return lines;
}

ConsoleView::ConsoleView(std::vector<std::string> names, bool coloured)
    : names_{std::move(names)}, coloured_{coloured}
{
    names_.insert(names_.begin(), "bulkhead");
    for (const std::string& name : names_)
        width_ = std::max(width_, name.size());
}

std::string ConsoleView::shown(const ConsoleLine& line) const
{
    const std::size_t index = line.domain.value_or(0);
    const std::string name =
        index < names_.size() ? names_[index] : fmt::format("domain {}", index);
    if (!coloured_) return fmt::format("{:<{}} | {}\n", name, width_, line.text);
    return fmt::format("\033[{}m{:<{}} |\033[0m {}\n", colours[index % colours.size()], name,
                       width_, line.text);
}

} // namespace bulkhead::tool
