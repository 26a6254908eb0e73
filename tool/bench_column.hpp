#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::tool {

/// What was measured of one path.
struct Figure {
    std::uint64_t samples = 1;
    std::uint64_t least = 0;
    std::uint64_t average = 0;
    std::uint64_t most = 0;
    std::string remark{}; ///< what was not as it should have been

    static Figure of(std::uint64_t value) { return {1, value, value, value}; }
    bool operator==(const Figure&) const = default;
};

/// One column of the table: figures by the name of the row.
using Column = std::map<std::string, Figure, std::less<>>;

/// What the bench guest says on its console:
///   bench: row=vtimer_wfi samples=200 min=43 avg=43 max=43
///   bench: done
class BenchReport {
public:
    /// Takes in a line of the guest; others are ignored.
    void add_line(std::string_view line);

    [[nodiscard]] bool is_done() const { return is_done_; }
    [[nodiscard]] const Column& column() const { return column_; }

private:
    Column column_;
    bool is_done_ = false;
};

} // namespace bulkhead::tool
