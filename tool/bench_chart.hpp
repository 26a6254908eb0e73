#pragma once
#include "bench_table.hpp"

namespace bulkhead::tool {

/// The rows that a guest measures, as an SVG picture: for each, bars from least to most with a mark
/// at the average, on a logarithmic scale.
std::string bench_chart(const BenchResult& result);

} // namespace bulkhead::tool
