#pragma once
#include <termios.h>

namespace bulkhead::tool {

/// While it lives, the terminal on stdin hands over every key as it is pressed, CTRL-c included.
/// Does nothing if stdin is not a terminal.
class RawTerminal {
public:
    RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    ~RawTerminal();

private:
    bool is_terminal_;
    termios before_{};
};

} // namespace bulkhead::tool
