#include "devicetree/node.hpp"

#include <algorithm>

namespace bulkhead::devicetree {

std::string_view Node::name() const
{
    int size = 0;
    const char* name = fdt_get_name(blob_, offset_, &size);
    if (name == nullptr) return {};
    return {name, static_cast<std::size_t>(size)};
}

Path Node::path() const
{
    Path path;
    if (fdt_get_path(blob_, offset_, path.text_.data(), static_cast<int>(path.text_.size())) == 0) {
        path.size_ = std::string_view{path.text_.data()}.size();
        return path;
    }
    const auto own = name();
    path.size_ = std::min(own.size(), path.text_.size());
    std::copy_n(own.begin(), path.size_, path.text_.data());
    return path;
}

std::optional<Node> Node::parent() const
{
    const int offset = fdt_parent_offset(blob_, offset_);
    if (offset < 0) return std::nullopt;
    return Node{blob_, offset};
}

Node::Children Node::children() const { return {blob_, fdt_first_subnode(blob_, offset_)}; }

Node::Properties Node::properties() const
{
    return {blob_, fdt_first_property_offset(blob_, offset_)};
}

std::optional<Property> Node::property(std::string_view name) const
{
    int size = 0;
    const auto* value = static_cast<const std::byte*>(
        fdt_getprop_namelen(blob_, offset_, name.data(), static_cast<int>(name.size()), &size));
    if (value == nullptr) return std::nullopt;
    return Property{name, {value, static_cast<std::size_t>(size)}};
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
    const auto compatible = property("compatible");
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
