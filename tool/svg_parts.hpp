#pragma once
#include <string>
#include <string_view>

/// Pieces that the bench's pictures are made of.
namespace bulkhead::tool {

/// What begins the picture: its size and a white ground.
std::string svg_begin(double width, double height);
std::string svg_text(double x, double y, std::string_view anchor, std::string_view text,
                     std::string_view more = {});
std::string svg_bar(double x, double y, double width, double height, std::string_view colour);

/// A logarithmic scale from 1 to the power of ten that `most` does not exceed.
class LogScale {
public:
    LogScale(double left, double width, double most);
    [[nodiscard]] double at(double value) const;
    [[nodiscard]] int decades() const { return static_cast<int>(decades_); }
    /// A line and a number for each power of ten.
    [[nodiscard]] std::string grid(double top, double bottom) const;

private:
    double left_;
    double width_;
    double decades_;
};

} // namespace bulkhead::tool
