#include "interruption.hpp"

#include "failure.hpp"

#include <csignal>
#include <poll.h>
#include <sys/signalfd.h>

namespace bulkhead::tool::interruption {
namespace {

int signals = -1;

sigset_t watched()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

} // namespace

void watch()
{
    const sigset_t set = watched();
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    signals = ::signalfd(-1, &set, SFD_CLOEXEC);
    // A pipe to an emulator that has just ended is reported by write(), not by dying.
    std::signal(SIGPIPE, SIG_IGN);
}

int descriptor() { return signals; }

void check()
{
    pollfd wait{.fd = signals, .events = POLLIN, .revents = 0};
    if (signals >= 0 && ::poll(&wait, 1, 0) > 0) throw Interrupted{};
}

void restore_for_child() noexcept
{
    const sigset_t set = watched();
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
}

} // namespace bulkhead::tool::interruption
