#pragma once

#include "base/strong_integer.hpp"
#include "base/types.hpp"

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

/// Messages to the console: whole lines, typed arguments, no heap.
namespace bulkhead::log {

enum class Level : std::uint8_t { error, warning, info, debug };

/// One argument of a message.
class Argument {
public:
    enum class Kind : std::uint8_t { text, number, negative, address };

    constexpr Argument(std::string_view text)
        : text_(text.data()), size_(static_cast<std::uint32_t>(text.size()))
    {
    }
    constexpr Argument(const char* text) : Argument(std::string_view{text}) {}
    constexpr Argument(bool value) : Argument(value ? "yes" : "no") {}
    constexpr Argument(PhysicalAddress address) : number_(address.value()), kind_(Kind::address) {}
    constexpr Argument(GuestAddress address) : number_(address.value()), kind_(Kind::address) {}
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    constexpr Argument(T value)
        : number_(value < T{} ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                              : static_cast<std::uint64_t>(value)),
          kind_(std::signed_integral<T> && value < T{} ? Kind::negative : Kind::number)
    {
    }
    template <IsStrongInteger T>
    constexpr Argument(T value) : Argument(value.value())
    {
    }

    [[nodiscard]] constexpr Kind kind() const { return kind_; }
    [[nodiscard]] constexpr std::uint64_t number() const { return number_; }
    [[nodiscard]] constexpr std::string_view text() const { return {text_, size_}; }

private:
    union {
        const char* text_;
        std::uint64_t number_;
    };
    std::uint32_t size_ = 0;
    Kind kind_ = Kind::text;
};
static_assert(sizeof(Argument) == 16, "every message stores some: they cost code");

/// Not constexpr on purpose: a wrong message fails to compile at a call of this name.
void the_message_wants_another_number_of_arguments();

/// A message with `{}` where arguments go and `{x}` for hexadecimal; their number is checked by the
/// compiler.
template <typename... Arguments>
class Format {
public:
    consteval Format(const char* text) : text_(text)
    {
        std::size_t holes = 0;
        for (; *text != '\0'; ++text)
            holes += *text == '{' ? 1U : 0U;
        if (holes != sizeof...(Arguments)) the_message_wants_another_number_of_arguments();
    }
    [[nodiscard]] constexpr const char* text() const { return text_; }

private:
    const char* text_;
};

/// Messages above this level are dropped; `loglvl=` sets it.
void set_threshold(Level level);
void write(Level level, const char* format, std::span<const Argument> arguments);

/// Fills `buffer` with the formatted text, cut where it ends, and returns the part that was used.
std::string_view format_into(std::span<char> buffer, const char* format,
                             std::span<const Argument> arguments);

template <typename... Arguments>
void print(Level level, const char* format, const Arguments&... arguments)
{
    if constexpr (sizeof...(Arguments) == 0) {
        write(level, format, {});
    } else {
        const Argument list[] = {Argument{arguments}...};
        write(level, format, list);
    }
}

template <typename... Arguments>
void error(Format<std::type_identity_t<Arguments>...> format, const Arguments&... arguments)
{
    print(Level::error, format.text(), arguments...);
}
template <typename... Arguments>
void warning(Format<std::type_identity_t<Arguments>...> format, const Arguments&... arguments)
{
    print(Level::warning, format.text(), arguments...);
}
template <typename... Arguments>
void info(Format<std::type_identity_t<Arguments>...> format, const Arguments&... arguments)
{
    print(Level::info, format.text(), arguments...);
}
template <typename... Arguments>
void debug(Format<std::type_identity_t<Arguments>...> format, const Arguments&... arguments)
{
    print(Level::debug, format.text(), arguments...);
}

} // namespace bulkhead::log
