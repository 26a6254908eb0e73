#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::guest {

/// /chosen/bootargs: words with blanks between them, `name=value` or a plain name.
class CommandLine {
public:
    constexpr CommandLine() = default;
    constexpr explicit CommandLine(std::string_view text) : text_{text} {}

    [[nodiscard]] std::string_view text() const { return text_; }
    /// The value behind `name=`, the last one if it is there twice.
    [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const;
    /// The same as a decimal number; `otherwise` when it is not there or no number.
    [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t otherwise) const;

private:
    std::string_view text_;
};

/// Take the first word off `text`; empty when there is none left.
std::string_view take_word(std::string_view& text);
std::optional<std::uint64_t> to_number(std::string_view digits);

} // namespace bulkhead::guest
