#include "latency_report.hpp"

#include "name_value_words.hpp"

namespace bulkhead::tool {
namespace {

constexpr std::string_view latency_mark = "latency: ";

} // namespace

void LatencyReport::add_line(std::string_view line)
{
    if (!line.starts_with(latency_mark)) return;
    const Words words = words_of(line.substr(latency_mark.size()));
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
            (void)read_numbers(words, {{"cold", &summary.cold}});
            summary.unit = words.find("unit")->second;
            summary_ = summary;
        }
    }
}

} // namespace bulkhead::tool
