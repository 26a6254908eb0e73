#include "machine/captured_console.hpp"

#include "machine/console.hpp"

#include <mutex>
#include <utility>

namespace bulkhead {
namespace {

// Callers hold the console's lock, but what a test reads is not theirs.
std::mutex mutex;
std::string sent;

} // namespace

void machine::console_write(std::string_view text)
{
    const std::scoped_lock guard{mutex};
    for (const char c : text) {
        if (c == '\n') sent += '\r';
        sent += c;
    }
}

void machine::console_write_raw(std::string_view bytes)
{
    const std::scoped_lock guard{mutex};
    sent += bytes;
}

std::string test::take_console_output()
{
    const std::scoped_lock guard{mutex};
    return std::exchange(sent, {});
}

} // namespace bulkhead
