#pragma once

#include "devicetree/tree.hpp"

#include <string_view>

namespace bulkhead::devicetree {

/// What /chosen gives to whom, by Xen's rules.
struct CommandLines {
    std::string_view hypervisor;
    std::string_view dom0;
};

[[nodiscard]] CommandLines command_lines(const Tree& tree);

} // namespace bulkhead::devicetree
