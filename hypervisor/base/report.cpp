#include "base/report.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace bulkhead {

void Report::add(std::string_view mark, const char* format,
                 std::initializer_list<log::Argument> arguments)
{
    std::array<char, 400> line{};
    const auto text = log::format_into(line, format, {arguments.begin(), arguments.size()});
    if (mark.size() + text.size() + 1 > text_.size() - used_) {
        ++lost_;
        return;
    }
    char* end = std::ranges::copy(mark, text_.data() + used_).out;
    end = std::ranges::copy(text, end).out;
    *end++ = '\n';
    used_ = static_cast<std::size_t>(end - text_.data());
}

void Report::print()
{
    for (auto rest = text(); !rest.empty();) {
        const auto line = text::split(rest, '\n');
        if (line.starts_with(error_mark))
            log::error("{}", line);
        else
            log::warning("{}", line);
    }
    if (lost_ != 0) log::error("{} more messages did not fit", lost_);
    used_ = 0;
    lost_ = 0;
}

} // namespace bulkhead
