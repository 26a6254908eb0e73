#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The shared console as the hypervisor writes it: `(XEN) DOM1: text` is a line of domain 1,
/// `(XEN) text` is the hypervisor's own.
namespace bulkhead::tool {

/// One line, and who wrote it.
struct ConsoleLine {
    std::optional<unsigned> domain; ///< 1 is the first domain; none is the hypervisor
    std::string text;
};

/// Takes a line apart. A line without a prefix is the hypervisor's, or that of a domain which has
/// the console to itself.
ConsoleLine parse_console_line(std::string_view line);

/// Cuts a stream of bytes into lines, without line ends, terminal control sequences and other
/// control characters.
class LineCutter {
public:
    /// The lines that these bytes complete.
    std::vector<std::string> add(std::string_view bytes);

    /// The line that was begun and not ended yet.
    [[nodiscard]] const std::string& unfinished() const { return line_; }

private:
    enum class State : unsigned char { text, escape, control_sequence };
    std::string line_;
    State state_ = State::text;
};

/// Shows lines as `name | text`, in a colour per name if wanted.
class ConsoleView {
public:
    /// The names of the domains in order.
    ConsoleView(std::vector<std::string> names, bool coloured);

    [[nodiscard]] std::string shown(const ConsoleLine& line) const;

private:
    std::vector<std::string> names_; ///< names_[0] is the hypervisor
    std::size_t width_ = 0;
    bool coloured_;
};

} // namespace bulkhead::tool
