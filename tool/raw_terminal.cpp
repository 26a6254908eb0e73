#include "raw_terminal.hpp"

#include <unistd.h>

namespace bulkhead::tool {

RawTerminal::RawTerminal() : is_terminal_{::tcgetattr(STDIN_FILENO, &before_) == 0}
{
    if (!is_terminal_) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

RawTerminal::~RawTerminal()
{
    if (is_terminal_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

} // namespace bulkhead::tool
