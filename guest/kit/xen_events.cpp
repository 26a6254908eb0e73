#include "kit/xen_events.hpp"

#include "kit/gic.hpp"
#include "kit/hypercall.hpp"
#include "kit/interrupts.hpp"

#include <bit>

namespace bulkhead::guest::xen_events {
namespace {

// public/xen.h and memory.h, for 64-bit Arm.
constexpr std::uint64_t add_to_physmap = 7;
constexpr std::uint64_t shared_info_space = 0;
constexpr std::uint16_t domid_self = 0x7ff0;
struct AddToPhysmap {
    std::uint16_t domid;
    std::uint16_t size;
    std::uint32_t space;
    std::uint64_t index;
    std::uint64_t frame;
};
static_assert(sizeof(AddToPhysmap) == 24);

constexpr std::uint64_t op_send = 4;
constexpr std::uint64_t op_unmask = 9;

constexpr unsigned word_bits = 64;
struct alignas(4096) SharedInfo {
    std::uint64_t upcall_pending; // the low byte
    std::uint64_t pending_selector;
    std::uint64_t time[4];
    std::uint64_t pending[word_bits];
    std::uint64_t mask[word_bits];
};
static_assert(offsetof(SharedInfo, pending) == 48 && offsetof(SharedInfo, mask) == 560);

constinit SharedInfo shared{};
constinit Handler handle = nullptr;

void take_events()
{
    // First the sign that there is something, then what: an event in between sets it again.
    __atomic_store_n(reinterpret_cast<std::uint8_t*>(&shared.upcall_pending), 0, __ATOMIC_SEQ_CST);
    auto words = __atomic_exchange_n(&shared.pending_selector, 0, __ATOMIC_SEQ_CST);
    for (; words != 0; words &= words - 1) {
        const auto word = static_cast<unsigned>(std::countr_zero(words));
        const auto mask = __atomic_load_n(&shared.mask[word], __ATOMIC_SEQ_CST);
        auto events = __atomic_fetch_and(&shared.pending[word], mask, __ATOMIC_SEQ_CST) & ~mask;
        for (; events != 0; events &= events - 1)
            handle(word * word_bits + static_cast<unsigned>(std::countr_zero(events)));
    }
}

std::int64_t event_channel_op(std::uint64_t operation, Port port)
{
    return hypercall(HypercallNumber::event_channel_op, operation,
                     reinterpret_cast<std::uint64_t>(&port));
}

} // namespace

std::int64_t start(Handler handler)
{
    handle = handler;
    AddToPhysmap request{.domid = domid_self,
                         .size = 0,
                         .space = shared_info_space,
                         .index = 0,
                         .frame = reinterpret_cast<std::uint64_t>(&shared) >> 12U};
    const auto result = hypercall(HypercallNumber::memory_op, add_to_physmap,
                                  reinterpret_cast<std::uint64_t>(&request));
    if (result < 0) return result;
    for (auto& word : shared.mask)
        __atomic_store_n(&word, ~std::uint64_t{0}, __ATOMIC_SEQ_CST);
    interrupts::attach(interrupt, take_events);
    gic::enable(interrupt);
    return 0;
}

std::int64_t unmask(Port port) { return event_channel_op(op_unmask, port); }
std::int64_t send(Port port) { return event_channel_op(op_send, port); }

} // namespace bulkhead::guest::xen_events
