#include "kit/interrupts.hpp"

#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/print.hpp"
#include "kit/stop.hpp"

#include <array>

namespace bulkhead::guest::interrupts {
namespace {

struct Attached {
    Intid intid;
    Handler handler = nullptr;
};
constinit std::array<Attached, 16> attached{};

Handler handler_of(Intid intid)
{
    for (const auto& entry : attached)
        if (entry.handler != nullptr && entry.intid == intid) return entry.handler;
    return nullptr;
}

void handle_all()
{
    for (;;) {
        const auto interrupt = gic::acknowledge();
        if (interrupt.intid().is_special()) return;
        const auto handler = handler_of(interrupt.intid());
        if (handler == nullptr) {
            console::seize();
            print("guest: interrupt ", interrupt.intid(), " has no handler\n");
            stop("unexpected interrupt");
        }
        handler();
        gic::end(interrupt);
    }
}

} // namespace

void start() { set_interrupt_handler(handle_all); }

void attach(Intid intid, Handler handler)
{
    for (auto& entry : attached) {
        if (entry.handler != nullptr && entry.intid != intid) continue;
        entry = {.intid = intid, .handler = handler};
        return;
    }
    stop("more than 16 different interrupts are attached");
}

} // namespace bulkhead::guest::interrupts
