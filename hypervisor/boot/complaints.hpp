#pragma once

#include "base/report.hpp"
#include "boot/domain_description.hpp"

#include <initializer_list>
#include <string_view>
#include <type_traits>

namespace bulkhead::boot {

/// Says what is wrong with a domain, or something else of the tree, which must not be built then.
class Complaints {
public:
    Complaints(bool& is_wrong, Report& report) : report_(report), is_wrong_(is_wrong) {}
    Complaints(DomainDescription& domain, Report& report) : Complaints(domain.is_wrong, report) {}

    /// In a node of its: that one's path comes first.
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
    Report& report_;

private:
    void say(const devicetree::Node* file, const devicetree::Node& where, const char* format,
             std::initializer_list<log::Argument> arguments);

    bool& is_wrong_;
};

} // namespace bulkhead::boot
