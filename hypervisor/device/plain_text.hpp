#pragma once

#include <cstdint>

namespace bulkhead::device {

/// Tells what of a domain's output may be shown in a line of the hypervisor's: text in UTF-8 and
/// tabs. Everything that a terminal obeys is left out whole: control characters, escape sequences
/// (ECMA-48, section 5), and the C1 controls in UTF-8. Else a domain could write over its
/// neighbours' lines, or make the terminal type an answer into the domain that has the input.
class PlainText {
public:
    /// At most three bytes are shown behind one that starts a character in UTF-8.
    enum class Verdict : std::uint8_t { show, leave_out, leave_out_with_previous };

    /// The next byte. The end of a line is not for here: call reset().
    Verdict next(char character);

    /// A new line starts: what was not complete does not reach into it.
    void reset() { *this = PlainText{}; }

private:
    enum class State : std::uint8_t {
        text,
        escape,                   // behind ESC
        control_sequence,         // behind CSI, up to its final byte
        control_string,           // a string for the terminal, up to BEL or ST
        escape_in_control_string, // perhaps the first half of ST
    };

    Verdict next_in_text(std::uint8_t byte);
    void next_in_escape(std::uint8_t byte);

    State state_ = State::text;
    /// Of the character that is being read: bytes to come, and whether its first may turn out to
    /// have been that of a C1 control.
    std::uint8_t continuation_bytes_ = 0;
    bool may_be_control_ = false;
};

} // namespace bulkhead::device
