#pragma once

#include "base/log.hpp"

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <type_traits>

namespace bulkhead {

/// Messages about the machine's description, kept until there is a console to print them on: the
/// console itself is found in the description.
class Report {
public:
    template <typename... Arguments>
    void error(log::Format<std::type_identity_t<Arguments>...> format,
               const Arguments&... arguments)
    {
        ++errors_;
        add(error_mark, format.text(), {log::Argument{arguments}...});
    }
    template <typename... Arguments>
    void warning(log::Format<std::type_identity_t<Arguments>...> format,
                 const Arguments&... arguments)
    {
        add(warning_mark, format.text(), {log::Argument{arguments}...});
    }

    /// Errors so far, printed or not.
    [[nodiscard]] unsigned errors() const { return errors_; }
    /// What was not printed yet, one line each.
    [[nodiscard]] std::string_view text() const { return {text_.data(), used_}; }
    /// Sends everything to the log in the order it came, and forgets it.
    void print();

private:
    static constexpr std::string_view error_mark = "error: ";
    static constexpr std::string_view warning_mark = "warning: ";

    void add(std::string_view mark, const char* format,
             std::initializer_list<log::Argument> arguments);

    std::array<char, 8192> text_{};
    std::size_t used_ = 0;
    unsigned errors_ = 0;
    unsigned lost_ = 0;
};

} // namespace bulkhead
