#pragma once
#include "bench_column.hpp"
#include "session.hpp"

namespace bulkhead::tool {

/// Bytes of text and data of the built hypervisor, and code lines of its sources (cloc).
Column measure_size(Session& session);

} // namespace bulkhead::tool
