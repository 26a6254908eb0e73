#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace bulkhead::tool {

/// Where in a system description something was written, and how: the key and the text of its value.
struct Origin {
    std::string key;
    std::string text;
    std::uint32_t line = 0;
};

/// One thing that is wrong in a system description.
struct Problem {
    Origin origin;
    std::string text; ///< what is wrong and what would be right

    /// `FILE:LINE: key = value: text`, the form every message about a description has.
    [[nodiscard]] std::string shown(const std::string& file) const;
};

/// Everything that is wrong, in the order it was found; a description is never refused piecemeal.
class Problems {
public:
    void add(Origin origin, std::string text)
    {
        list_.push_back({std::move(origin), std::move(text)});
    }

    [[nodiscard]] bool empty() const { return list_.empty(); }
    [[nodiscard]] std::size_t size() const { return list_.size(); }

    /// Sorted by line, then in the order found.
    [[nodiscard]] std::vector<Problem> by_line() const;

    /// All of them, one per line, each ending in a newline.
    [[nodiscard]] std::string shown(const std::string& file) const;

private:
    std::vector<Problem> list_;
};

} // namespace bulkhead::tool
