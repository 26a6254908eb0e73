#include "latency_report.hpp"

#include <charconv>
#include <map>

namespace bulkhead::tool {
namespace {

constexpr std::string_view prefix = "latency: ";

/// The `name=value` words of a line.
using Words = std::map<std::string, std::string, std::less<>>;

Words words_of(std::string_view line)
{
    Words words;
    while (!line.empty()) {
        const std::size_t space = line.find(' ');
        const std::string_view word = line.substr(0, space);
        const std::size_t equals = word.find('=');
        words.emplace(word.substr(0, equals),
                      equals == std::string_view::npos ? "" : word.substr(equals + 1));
        line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
    }
    return words;
}

/// Reads the numbers that a line must have; false if one is missing or is not a number.
bool read_numbers(const Words& words,
                  std::initializer_list<std::pair<const char*, std::uint64_t*>> wanted)
{
    for (const auto& [name, number] : wanted) {
        const auto word = words.find(name);
        if (word == words.end()) return false;
        const std::string& text = word->second;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
        if (error != std::errc{} || end != text.data() + text.size()) return false;
    }
    return true;
}

} // namespace

void LatencyReport::add_line(std::string_view line)
{
    if (!line.starts_with(prefix)) return;
    const Words words = words_of(line.substr(prefix.size()));
    if (words.contains("done")) is_done_ = true;
    if (words.contains("bucket")) {
        Bucket bucket;
        if (read_numbers(words,
                         {{"from", &bucket.from}, {"to", &bucket.to}, {"count", &bucket.count}}))
            buckets_.push_back(bucket);
    }
    if (words.contains("samples") && words.contains("unit")) {
        Summary summary;
        if (read_numbers(words, {{"samples", &summary.samples},
                                 {"min", &summary.least},
                                 {"avg", &summary.average},
                                 {"max", &summary.most},
                                 {"frequency", &summary.frequency}})) {
            summary.unit = words.find("unit")->second;
            summary_ = summary;
        }
    }
}

} // namespace bulkhead::tool
