#include "machine/captured_console.hpp"

#include "machine/console.hpp"

#include <mutex>
#include <utility>

namespace bulkhead {
namespace {

// Callers hold the console's lock, but what a test reads is not theirs.
std::mutex mutex;
std::string sent;
test::ConsoleWire wire;

} // namespace

bool machine::console_try_write(char byte)
{
    const std::scoped_lock guard{mutex};
    if (wire.room == 0) return false;
    if (wire.room != test::ConsoleWire::endless) --wire.room;
    sent += byte;
    return true;
}

bool machine::console_want_room(bool wanted)
{
    wire.wants_room = wanted;
    return wire.has_interrupt;
}

test::ConsoleWire& test::console_wire() { return wire; }

std::string test::take_console_output()
{
    const std::scoped_lock guard{mutex};
    return std::exchange(sent, {});
}

} // namespace bulkhead
