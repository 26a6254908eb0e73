#include "boot/complaints.hpp"

#include <array>

namespace bulkhead::boot {

void Complaints::say(const devicetree::Node* file, const devicetree::Node& where,
                     const char* format, std::initializer_list<log::Argument> arguments)
{
    is_wrong_ = true;
    std::array<char, 300> text;
    const auto what = log::format_into(text, format, {arguments.begin(), arguments.size()});
    if (file != nullptr)
        report_.error("{}: {}: {}", file->path(), where.path(), what);
    else
        report_.error("{}: {}", where.path(), what);
}

} // namespace bulkhead::boot
