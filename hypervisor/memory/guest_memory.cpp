#include "memory/guest_memory.hpp"

#include "base/bits.hpp"

#include <algorithm>

namespace bulkhead::memory {
namespace {

/// Far more than another CPU's honest use of the line can make fail.
constexpr unsigned most_attempts = 256;
constexpr unsigned word_bits = 64;

PhysicalAddress page_of(PhysicalAddress address)
{
    return PhysicalAddress{align_down(address.value(), page_size)};
}

std::byte* reach(machine::Window window, PhysicalAddress address)
{
    return machine::open_window(window, page_of(address)) + address.value() % page_size;
}

} // namespace

Result<void> GuestMemory::for_each_piece(VirtualAddress start, std::size_t size,
                                         machine::GuestAccess access, auto&& visit) const
{
    for (std::size_t done = 0; done < size;) {
        const auto address = start + done;
        const auto guest = machine::translate_guest(address, access);
        const auto host = guest ? map_.translate(*guest) : failure(Error::bad_address);
        if (!host || !host->is_ram) return failure(Error::bad_address);
        const auto piece = std::min(size - done, page_size - address.value() % page_size);
        visit(host->address, done, piece);
        done += piece;
    }
    return {};
}

Result<void> GuestMemory::check_writable(VirtualAddress to, std::size_t size) const
{
    return for_each_piece(to, size, machine::GuestAccess::write, [](auto...) {});
}

Result<void> GuestMemory::copy_in(std::span<std::byte> to, VirtualAddress from) const
{
    return for_each_piece(from, to.size(), machine::GuestAccess::read,
                          [&](PhysicalAddress host, std::size_t done, std::size_t size) {
                              std::copy_n(reach(machine::Window::argument, host), size,
                                          to.data() + done);
                          });
}

Result<void> GuestMemory::copy_out(VirtualAddress to, std::span<const std::byte> from) const
{
    return for_each_piece(to, from.size(), machine::GuestAccess::write,
                          [&](PhysicalAddress host, std::size_t done, std::size_t size) {
                              std::copy_n(from.data() + done, size,
                                          reach(machine::Window::argument, host));
                          });
}

Result<SharedBytes> GuestMemory::locate(VirtualAddress start, std::size_t size) const
{
    SharedBytes found;
    unsigned pieces = 0;
    const auto done = for_each_piece(start, size, machine::GuestAccess::write,
                                     [&](PhysicalAddress host, std::size_t, std::size_t bytes) {
                                         found.start[pieces] = host;
                                         found.size[pieces++] = bytes;
                                     });
    if (!done) return failure(done.error());
    return found;
}

void SharedBytes::store(std::span<const std::byte> bytes) const
{
    for (unsigned n = 0; n < size.size() && size[n] != 0; ++n) {
        SharedBits{machine::Window::argument, start[n]}.store(bytes.first(size[n]));
        bytes = bytes.subspan(size[n]);
    }
}

Result<PhysicalAddress> GuestMemory::page(Gfn frame) const
{
    // A frame number of 64 bits must not wrap around into an address that exists.
    if (frame.value() >> (word_bits - page_shift) != 0) return failure(Error::bad_address);
    const auto host = map_.translate(address_of(frame));
    if (!host || !host->is_ram) return failure(Error::bad_address);
    return host->address;
}

SharedBits::SharedBits(machine::Window window, PhysicalAddress start) : start_(reach(window, start))
{
}

std::atomic_ref<std::uint64_t> SharedBits::word(unsigned position) const
{
    return std::atomic_ref{reinterpret_cast<std::uint64_t*>(start_)[position / word_bits]};
}

bool SharedBits::is_set(unsigned position) const
{
    return (word(position).load() & bit(position % word_bits)) != 0;
}

bool SharedBits::change(unsigned position, bool value) const
{
    const auto shared = word(position);
    const auto mask = bit(position % word_bits);
    auto seen = shared.load();
    for (unsigned attempt = 0; attempt < most_attempts; ++attempt) {
        if (((seen & mask) != 0) == value) break;
        if (shared.compare_exchange_weak(seen, seen ^ mask)) return !value;
    }
    return value;
}

void SharedBits::set_first_byte() const
{
    std::atomic_ref{*reinterpret_cast<std::uint8_t*>(start_)}.store(1, std::memory_order_release);
}

void SharedBits::store(std::span<const std::byte> bytes) const { std::ranges::copy(bytes, start_); }

void SharedBits::load(std::span<std::byte> bytes) const
{
    std::copy_n(start_, bytes.size(), bytes.data());
}

} // namespace bulkhead::memory
