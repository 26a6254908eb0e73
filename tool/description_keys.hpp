#pragma once
#include <span>
#include <string>
#include <vector>

/// The keys a system description may have: the one place they are listed.
namespace bulkhead::tool {

struct KeyDescription {
    std::string name;
    std::string example; ///< a right value, as one would write it
    std::string meaning;
};

std::span<const KeyDescription> top_level_keys();
std::span<const KeyDescription> machine_keys();
std::span<const KeyDescription> domain_keys();
std::span<const KeyDescription> channel_keys();
std::span<const KeyDescription> shared_memory_keys();
std::span<const KeyDescription> pool_keys();
std::span<const KeyDescription> window_keys();

std::vector<std::string> names_of(std::span<const KeyDescription> keys);

/// `key = example` of a known key.
std::string example_of(std::span<const KeyDescription> keys, const std::string& name);

/// All of it as text for people, for `check --keys`.
std::string keys_explained();

} // namespace bulkhead::tool
