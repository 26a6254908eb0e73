#pragma once

#include "base/report.hpp"
#include "boot/domain_description.hpp"

#include <initializer_list>
#include <string_view>
#include <type_traits>

namespace bulkhead::boot {

/// Says what is wrong with a domain, which must not be built then.
class Complaints {
public:
    Complaints(DomainDescription& domain, Report& report) : domain_(domain), report_(report) {}

    /// In a node of the domain's: its path comes first.
    template <typename... Arguments>
    void wrong(const devicetree::Node& where,
               log::Format<std::type_identity_t<Arguments>...> format,
               const Arguments&... arguments)
    {
        say({}, where, format.text(), {log::Argument{arguments}...});
    }
    /// In a node of the tree that is in the module `file`.
    template <typename... Arguments>
    void wrong_in(const devicetree::Node& file, const devicetree::Node& where,
                  log::Format<std::type_identity_t<Arguments>...> format,
                  const Arguments&... arguments)
    {
        say(&file, where, format.text(), {log::Argument{arguments}...});
    }

protected:
    DomainDescription& domain_;
    Report& report_;

private:
    void say(const devicetree::Node* file, const devicetree::Node& where, const char* format,
             std::initializer_list<log::Argument> arguments);
};

} // namespace bulkhead::boot
