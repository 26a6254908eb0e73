// What the compiler and libstdc++'s headers expect of a C library, and no more.

#include "machine/cpu.hpp"

#include <cstddef>
#include <cstdint>

// Loops here must not become calls of themselves.
#pragma clang diagnostic ignored "-Wunknown-attributes"
#define BULKHEAD_PLAIN [[gnu::used, clang::no_builtin]]

namespace {
constexpr std::size_t block = 32;
} // namespace

extern "C" {

// Whole blocks are moved by pairs: EL2's memory is Normal, where unaligned accesses are allowed.
// Both moves read all of a block before they write it, so that the two may overlap that way round:
// memcpy does not say __restrict, as memmove relies on it.

BULKHEAD_PLAIN void* memcpy(void* to, const void* from, std::size_t size)
{
    auto* out = static_cast<unsigned char*>(to);
    const auto* in = static_cast<const unsigned char*>(from);
    for (; size >= block; size -= block)
        asm volatile("ldp x9, x10, [%0], #16\n\t"
                     "ldp x11, x12, [%0], #16\n\t"
                     "stp x9, x10, [%1], #16\n\t"
                     "stp x11, x12, [%1], #16"
                     : "+r"(in), "+r"(out)
                     :
                     : "x9", "x10", "x11", "x12", "memory");
    for (; size != 0; --size)
        *out++ = *in++;
    return to;
}

BULKHEAD_PLAIN void* memmove(void* to, const void* from, std::size_t size)
{
    if (to <= from) return memcpy(to, from, size);
    auto* out = static_cast<unsigned char*>(to) + size;
    const auto* in = static_cast<const unsigned char*>(from) + size;
    for (; size >= block; size -= block)
        asm volatile("ldp x9, x10, [%0, #-16]!\n\t"
                     "ldp x11, x12, [%0, #-16]!\n\t"
                     "stp x9, x10, [%1, #-16]!\n\t"
                     "stp x11, x12, [%1, #-16]!"
                     : "+r"(in), "+r"(out)
                     :
                     : "x9", "x10", "x11", "x12", "memory");
    for (; size != 0; --size)
        *--out = *--in;
    return to;
}

BULKHEAD_PLAIN void* memset(void* to, int value, std::size_t size)
{
    auto* out = static_cast<unsigned char*>(to);
    const auto byte = static_cast<unsigned char>(value);
    const std::uint64_t word = byte * 0x0101'0101'0101'0101U;
    for (; size >= 2 * block; size -= 2 * block)
        asm volatile("stp %1, %1, [%0], #64\n\t"
                     "stp %1, %1, [%0, #-48]\n\t"
                     "stp %1, %1, [%0, #-32]\n\t"
                     "stp %1, %1, [%0, #-16]"
                     : "+r"(out)
                     : "r"(word)
                     : "memory");
    for (; size != 0; --size)
        *out++ = byte;
    return to;
}

BULKHEAD_PLAIN int memcmp(const void* a, const void* b, std::size_t size)
{
    const auto* left = static_cast<const unsigned char*>(a);
    const auto* right = static_cast<const unsigned char*>(b);
    for (std::size_t i = 0; i < size; ++i)
        if (left[i] != right[i]) return left[i] - right[i];
    return 0;
}

BULKHEAD_PLAIN void* memchr(const void* memory, int value, std::size_t size)
{
    const auto* byte = static_cast<const unsigned char*>(memory);
    for (std::size_t i = 0; i < size; ++i)
        if (byte[i] == static_cast<unsigned char>(value))
            return const_cast<unsigned char*>(byte + i);
    return nullptr;
}

BULKHEAD_PLAIN std::size_t strlen(const char* text)
{
    std::size_t length = 0;
    while (text[length] != '\0')
        ++length;
    return length;
}

// What libstdc++'s headers call where exceptions would be thrown: a check that failed.
}
namespace std {
void __throw_out_of_range_fmt(const char* format, ...) { bulkhead::machine::halt(format); }
} // namespace std
extern "C" {

void abort() { bulkhead::machine::halt("a check in EL2's own code failed"); }
// What a class that leaves functions to derived ones has in their place.
void __cxa_pure_virtual() { abort(); }

} // extern "C"
