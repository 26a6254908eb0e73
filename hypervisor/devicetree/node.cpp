#include "devicetree/node.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace bulkhead::devicetree {

using namespace std::string_view_literals;

bool Path::prepend(std::string_view part)
{
    const auto fits = std::min(part.size(), start_);
    start_ -= fits;
    std::copy_n(part.begin(), fits, text_.begin() + start_);
    return fits == part.size();
}

Path Node::path() const
{
    Path path;
    if (index_ == NodeTable::root) path.prepend("/");
    for (auto at = index_; at != NodeTable::root; at = table_->parent(at)) {
        if (path.prepend(table_->name(at)) && path.prepend("/")) continue;
        Path only_name;
        only_name.prepend(name());
        return only_name;
    }
    return path;
}

std::optional<Node> Node::parent() const
{
    if (index_ == NodeTable::root) return std::nullopt;
    return Node{*table_, table_->parent(index_)};
}

std::optional<Node> Node::child(std::string_view name) const
{
    for (const auto child : children()) {
        const auto own = child.name();
        if (own.starts_with(name) && (own.size() == name.size() || own[name.size()] == '@'))
            return child;
    }
    return std::nullopt;
}

std::optional<Property> Node::property(std::string_view name) const
{
    const auto all = properties();
    for (auto property = all.begin(); property != all.end(); ++property)
        if (property.is_called(name)) return Property{name, property.value()};
    return std::nullopt;
}

Result<std::uint32_t> Node::u32(std::string_view name) const
{
    const auto found = property(name);
    return found ? found->u32() : failure(Error::no_entry);
}

Result<std::uint64_t> Node::number(std::string_view name) const
{
    const auto found = property(name);
    return found ? found->number() : failure(Error::no_entry);
}

Result<std::string_view> Node::string(std::string_view name) const
{
    const auto found = property(name);
    return found ? found->string() : failure(Error::no_entry);
}

bool Node::is_compatible(std::string_view with) const
{
    const auto compatible = property("compatible"sv);
    return compatible && compatible->contains(with);
}

bool Node::is_enabled() const
{
    const auto status = property("status");
    return !status || status->contains("okay") || status->contains("ok");
}

std::uint32_t Node::inherited(std::string_view name, std::uint32_t at_root) const
{
    for (std::optional node = *this; node; node = node->parent()) {
        // What cannot be read becomes a number that no reader accepts.
        if (const auto cells = node->property(name)) return cells->u32().value_or(~0U);
    }
    return at_root;
}

} // namespace bulkhead::devicetree
