#pragma once
#include "description_keys.hpp"
#include "system_description.hpp"

#include <toml++/toml.h>

namespace bulkhead::tool {

/// Reads the keys of one section, [machine] or one [[domain]], into values with their origins.
/// A value of the wrong type is a problem, and reads as absent.
class DescriptionSection {
public:
    /// Adds a problem for each key that is not in `keys`.
    DescriptionSection(const toml::table& table, std::string heading,
                       std::span<const KeyDescription> keys, Problems& problems);

    [[nodiscard]] Origin origin() const;

    std::optional<Given<std::string>> text(const std::string& key) const;
    std::optional<Given<bool>> boolean(const std::string& key) const;
    std::optional<Given<std::uint32_t>> number(const std::string& key) const;
    std::optional<Given<std::vector<std::uint32_t>>> numbers(const std::string& key) const;
    /// A list of numbers, or one number.
    std::optional<Given<std::vector<std::uint32_t>>> one_or_more(const std::string& key) const;
    std::optional<Given<std::vector<std::string>>> texts(const std::string& key) const;
    std::optional<Given<std::uint64_t>> address(const std::string& key) const;
    std::optional<Given<std::vector<std::uint64_t>>> addresses(const std::string& key) const;
    /// A list of "SIZE at ADDRESS".
    std::optional<Given<std::vector<MemoryRange>>> memory_ranges(const std::string& key) const;
    std::optional<Given<std::uint64_t>> byte_size(const std::string& key) const;

    /// Where a value that was left out would have been.
    [[nodiscard]] Origin origin_of_default(const std::string& key, const std::string& text) const;

    /// Adds a problem if the key is not there at all.
    void require(const std::string& key) const;

    void problem(const Origin& origin, std::string text) const
    {
        problems_.add(origin, std::move(text));
    }

private:
    [[nodiscard]] Origin origin_of(const std::string& key, const toml::node& node) const;
    void wrong_type(const std::string& key, const toml::node& node, std::string_view wanted) const;
    template <class T>
    std::optional<Given<std::vector<T>>> integers(const std::string& key, T most) const;
    std::optional<std::int64_t> integer(const std::string& key, const toml::node& node,
                                        std::int64_t most) const;

    const toml::table& table_;
    std::string heading_;
    std::span<const KeyDescription> keys_;
    Problems& problems_;
};

} // namespace bulkhead::tool
