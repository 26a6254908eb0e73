#include "description_section.hpp"

#include "byte_size.hpp"
#include "nearest_name.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <sstream>

namespace bulkhead::tool {
namespace {

/// A value as one would write it: "text", [2, 3], 0x10.
std::string as_written(const toml::node& node)
{
    if (const auto* text = node.as_string()) return fmt::format("\"{}\"", text->get());
    if (const auto* array = node.as_array()) {
        std::string elements;
        for (const toml::node& element : *array)
            elements += (elements.empty() ? "" : ", ") + as_written(element);
        return "[" + elements + "]";
    }
    std::ostringstream text;
    text << toml::node_view<const toml::node>{node};
    return std::move(text).str();
}

std::string type_name(const toml::node& node)
{
    switch (node.type()) {
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a number";
    case toml::node_type::floating_point: return "a fraction";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::array: return "a list";
    case toml::node_type::table: return "a section";
    default: return "a date";
    }
}

/// The number that the text starts with, and what follows it.
std::pair<std::uint64_t, std::string_view> hexadecimal(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{}) return {0, "?"};
    return {value, {end, text.data() + text.size()}};
}

} // namespace

DescriptionSection::DescriptionSection(const toml::table& table, std::string heading,
                                       std::span<const KeyDescription> keys, Problems& problems)
    : table_{table}, heading_{std::move(heading)}, keys_{keys}, problems_{problems}
{
    const std::vector<std::string> known = names_of(keys);
    for (const auto& [key, node] : table)
        if (std::ranges::find(known, key.str()) == known.end())
            problem({std::string{key.str()}, as_written(node), key.source().begin.line},
                    fmt::format("unknown key in {}; {}", heading_, suggestion(key.str(), known)));
}

Origin DescriptionSection::origin() const { return {{}, {}, table_.source().begin.line}; }

Origin DescriptionSection::origin_of(const std::string& key, const toml::node& node) const
{
    const auto found = table_.find(key);
    return {key, as_written(node), found->first.source().begin.line};
}

Origin DescriptionSection::origin_of_default(const std::string& key, const std::string& text) const
{
    return {key, text + " (because it is left out)", table_.source().begin.line};
}

void DescriptionSection::require(const std::string& key) const
{
    if (table_.contains(key)) return;
    problem({key, {}, table_.source().begin.line},
            fmt::format("missing; {} needs it, for example {}", heading_, example_of(keys_, key)));
}

void DescriptionSection::wrong_type(const std::string& key, const toml::node& node,
                                    std::string_view wanted) const
{
    problem(origin_of(key, node), fmt::format("{}, but this needs {}, for example {}",
                                              type_name(node), wanted, example_of(keys_, key)));
}

std::optional<Given<std::string>> DescriptionSection::text(const std::string& key) const
{
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* value = node->as_string())
        return Given<std::string>{value->get(), origin_of(key, *node)};
    wrong_type(key, *node, "a text");
    return std::nullopt;
}

std::optional<Given<bool>> DescriptionSection::boolean(const std::string& key) const
{
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* value = node->as_boolean())
        return Given<bool>{value->get(), origin_of(key, *node)};
    wrong_type(key, *node, "true or false");
    return std::nullopt;
}

std::optional<std::int64_t>
DescriptionSection::integer(const std::string& key, const toml::node& node, std::int64_t most) const
{
    const auto* value = node.as_integer();
    if (value == nullptr) return std::nullopt;
    if (value->get() >= 0 && value->get() <= most) return value->get();
    problem(origin_of(key, *table_.get(key)),
            fmt::format("{} is out of range; 0 to {} are possible", value->get(), most));
    return std::nullopt;
}

std::optional<Given<std::uint32_t>> DescriptionSection::number(const std::string& key) const
{
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_integer()) {
        wrong_type(key, *node, "a number");
        return std::nullopt;
    }
    const auto value = integer(key, *node, std::numeric_limits<std::uint32_t>::max());
    if (!value) return std::nullopt;
    return Given<std::uint32_t>{static_cast<std::uint32_t>(*value), origin_of(key, *node)};
}

template <class T>
std::optional<Given<std::vector<T>>> DescriptionSection::integers(const std::string& key,
                                                                  T most) const
{
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    const auto* array = node->as_array();
    if (array == nullptr || (!array->empty() && !array->is_homogeneous(toml::node_type::integer))) {
        wrong_type(key, *node, "a list of numbers");
        return std::nullopt;
    }
    Given<std::vector<T>> given{{}, origin_of(key, *node)};
    for (const toml::node& element : *array) {
        const auto value = integer(key, element, static_cast<std::int64_t>(most));
        if (!value) return std::nullopt;
        given.value.push_back(static_cast<T>(*value));
    }
    return given;
}

std::optional<Given<std::vector<std::uint32_t>>>
DescriptionSection::numbers(const std::string& key) const
{
    return integers(key, std::numeric_limits<std::uint32_t>::max());
}

std::optional<Given<std::vector<std::uint32_t>>>
DescriptionSection::one_or_more(const std::string& key) const
{
    const toml::node* node = table_.get(key);
    if (node == nullptr || !node->is_integer()) return numbers(key);
    const auto one = number(key);
    if (!one) return std::nullopt;
    return Given<std::vector<std::uint32_t>>{{one->value}, one->origin};
}

std::optional<Given<std::vector<std::uint64_t>>>
DescriptionSection::addresses(const std::string& key) const
{
    return integers(key, std::uint64_t{std::numeric_limits<std::int64_t>::max()});
}

std::optional<Given<std::vector<MemoryRange>>>
DescriptionSection::memory_ranges(const std::string& key) const
{
    const auto written = texts(key);
    if (!written) return std::nullopt;
    Given<std::vector<MemoryRange>> given{{}, written->origin};
    for (const std::string& one : written->value) {
        const std::size_t middle = one.find(" at 0x");
        const auto size = parse_byte_size(one.substr(0, middle));
        const auto [address, rest] = middle == std::string::npos
                                         ? std::pair{std::uint64_t{}, std::string_view{"?"}}
                                         : hexadecimal(std::string_view{one}.substr(middle + 6));
        if (!size || !rest.empty()) {
            problem(written->origin,
                    fmt::format("\"{}\" has to be a size and an address, for example {}", one,
                                example_of(keys_, key)));
            return std::nullopt;
        }
        given.value.push_back({address, *size});
    }
    return given;
}

std::optional<Given<std::vector<std::string>>>
DescriptionSection::texts(const std::string& key) const
{
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    const auto* array = node->as_array();
    if (array == nullptr || (!array->empty() && !array->is_homogeneous(toml::node_type::string))) {
        wrong_type(key, *node, "a list of texts");
        return std::nullopt;
    }
    Given<std::vector<std::string>> given{{}, origin_of(key, *node)};
    for (const toml::node& element : *array)
        given.value.push_back(element.as_string()->get());
    return given;
}

std::optional<Given<std::uint64_t>> DescriptionSection::address(const std::string& key) const
{
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    if (!node->is_integer()) {
        wrong_type(key, *node, "an address as a number");
        return std::nullopt;
    }
    const auto value = integer(key, *node, std::numeric_limits<std::int64_t>::max());
    if (!value) return std::nullopt;
    return Given<std::uint64_t>{static_cast<std::uint64_t>(*value), origin_of(key, *node)};
}

std::optional<Given<std::uint64_t>> DescriptionSection::byte_size(const std::string& key) const
{
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    const auto* text = node->as_string();
    if (text == nullptr) {
        wrong_type(key, *node, "a text with a unit");
        return std::nullopt;
    }
    const auto size = parse_byte_size(text->get());
    if (size) return Given<std::uint64_t>{*size, origin_of(key, *node)};
    problem(origin_of(key, *node), size.error());
    return std::nullopt;
}

} // namespace bulkhead::tool
