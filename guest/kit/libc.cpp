// What the compiler and Debian's prebuilt libfdt call by C's names. Built with -fno-builtin, or the
// compiler would turn each loop into a call of itself.

#include <cstddef>
#include <cstdint>

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t size)
{
    auto* out = static_cast<unsigned char*>(to);
    const auto* in = static_cast<const unsigned char*>(from);
    while (size-- != 0)
        *out++ = *in++;
    return to;
}

void* memmove(void* to, const void* from, std::size_t size)
{
    auto* out = static_cast<unsigned char*>(to);
    const auto* in = static_cast<const unsigned char*>(from);
    if (out <= in) return memcpy(to, from, size);
    while (size-- != 0)
        out[size] = in[size];
    return to;
}

void* memset(void* to, int value, std::size_t size)
{
    auto* out = static_cast<unsigned char*>(to);
    while (size-- != 0)
        *out++ = static_cast<unsigned char>(value);
    return to;
}

int memcmp(const void* left, const void* right, std::size_t size)
{
    const auto* a = static_cast<const unsigned char*>(left);
    const auto* b = static_cast<const unsigned char*>(right);
    for (; size != 0; ++a, ++b, --size)
        if (*a != *b) return *a - *b;
    return 0;
}

void* memchr(const void* text, int wanted, std::size_t size)
{
    auto* at = static_cast<const unsigned char*>(text);
    for (; size != 0; ++at, --size)
        if (*at == static_cast<unsigned char>(wanted)) return const_cast<unsigned char*>(at);
    return nullptr;
}

std::size_t strlen(const char* text)
{
    std::size_t length = 0;
    while (text[length] != '\0')
        ++length;
    return length;
}

std::size_t strnlen(const char* text, std::size_t limit)
{
    std::size_t length = 0;
    while (length < limit && text[length] != '\0')
        ++length;
    return length;
}

char* strchr(const char* text, int wanted)
{
    return static_cast<char*>(memchr(text, wanted, strlen(text) + 1));
}

char* strrchr(const char* text, int wanted)
{
    for (std::size_t n = strlen(text) + 1; n-- != 0;)
        if (text[n] == static_cast<char>(wanted)) return const_cast<char*>(text + n);
    return nullptr;
}

// The canary of code built with -fstack-protector. It guards against mistakes, not attacks, so a
// constant will do; its zero byte ends a runaway string. The names are the compiler's.
// NOLINTBEGIN(readability-identifier-naming)
std::uintptr_t __stack_chk_guard = 0x5bd1'e995'00c3'a56b;

[[noreturn]] void __stack_chk_fail()
{
    asm volatile("brk #0x5c" ::: "memory");
    __builtin_unreachable();
}
// NOLINTEND(readability-identifier-naming)
}
