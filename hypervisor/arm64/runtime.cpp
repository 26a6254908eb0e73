// What the compiler and Debian's libfdt expect of a C library, and no more.

#include "machine/cpu.hpp"

#include <cstddef>
#include <cstdint>

// Loops here must not become calls of themselves.
#pragma clang diagnostic ignored "-Wunknown-attributes"
#define BULKHEAD_PLAIN [[gnu::used, clang::no_builtin]]

extern "C" {

BULKHEAD_PLAIN void* memcpy(void* __restrict to, const void* __restrict from, std::size_t size)
{
    auto* out = static_cast<unsigned char*>(to);
    const auto* in = static_cast<const unsigned char*>(from);
    // 16 bytes at a time: EL2's memory is Normal, where unaligned accesses are allowed.
    for (; size >= 16; size -= 16, in += 16, out += 16)
        asm volatile("ldp x9, x10, [%0]\n\tstp x9, x10, [%1]"
                     :
                     : "r"(in), "r"(out)
                     : "x9", "x10", "memory");
    for (; size != 0; --size)
        *out++ = *in++;
    return to;
}

BULKHEAD_PLAIN void* memmove(void* to, const void* from, std::size_t size)
{
    auto* out = static_cast<unsigned char*>(to);
    const auto* in = static_cast<const unsigned char*>(from);
    if (out <= in || out >= in + size) {
        for (std::size_t i = 0; i < size; ++i)
            out[i] = in[i];
    } else {
        for (std::size_t i = size; i != 0; --i)
            out[i - 1] = in[i - 1];
    }
    return to;
}

BULKHEAD_PLAIN void* memset(void* to, int value, std::size_t size)
{
    auto* out = static_cast<unsigned char*>(to);
    const auto byte = static_cast<unsigned char>(value);
    const std::uint64_t word = byte * 0x0101'0101'0101'0101U;
    for (; size != 0 && (reinterpret_cast<std::uintptr_t>(out) & 7) != 0; --size)
        *out++ = byte;
    for (; size >= 8; size -= 8, out += 8)
        *reinterpret_cast<std::uint64_t*>(out) = word;
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

BULKHEAD_PLAIN std::size_t strnlen(const char* text, std::size_t most)
{
    std::size_t length = 0;
    while (length < most && text[length] != '\0')
        ++length;
    return length;
}

BULKHEAD_PLAIN char* strchr(const char* text, int c)
{
    for (;; ++text) {
        if (*text == static_cast<char>(c)) return const_cast<char*>(text);
        if (*text == '\0') return nullptr;
    }
}

BULKHEAD_PLAIN char* strrchr(const char* text, int c)
{
    for (const char* end = text + strlen(text);; --end) {
        if (*end == static_cast<char>(c)) return const_cast<char*>(end);
        if (end == text) return nullptr;
    }
}

// What libstdc++'s headers call where exceptions would be thrown: a check that failed.
}
namespace std {
void __throw_out_of_range_fmt(const char* format, ...) { bulkhead::machine::halt(format); }
} // namespace std
extern "C" {

/// Debian's libfdt is built with the stack protector.
std::uintptr_t __stack_chk_guard = 0x6275'6c6b'6865'6164;
[[noreturn]] void __stack_chk_fail() { bulkhead::machine::halt("libfdt overran its stack frame"); }

void abort() { bulkhead::machine::halt("a check in EL2's own code failed"); }

} // extern "C"
