#include "kit/stop.hpp"

#include "kit/print.hpp"
#include "kit/psci.hpp"

namespace bulkhead::guest {

extern "C" const char _start[];

void stop(const char* why)
{
    console::seize();
    print("guest: stopped: ", why, "\n");
    psci::system_off();
}

std::uint64_t image_base() { return reinterpret_cast<std::uint64_t>(_start); }

} // namespace bulkhead::guest
