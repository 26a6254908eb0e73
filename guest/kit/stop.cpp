#include "kit/stop.hpp"

#include "kit/print.hpp"
#include "kit/psci.hpp"

namespace bulkhead::guest {

extern "C" const char guest_image_start[];

void stop(const char* why)
{
    console::seize();
    print("guest: stopped: ", why, "\n");
    psci::system_off();
}

std::uint64_t image_base() { return reinterpret_cast<std::uint64_t>(guest_image_start); }

} // namespace bulkhead::guest
