#pragma once
#include "bench_column.hpp"
#include "session.hpp"

namespace bulkhead::tool {

/// Bytes of text and data of the built hypervisor, the most that an exception takes of EL2's stack
/// (bench/stack_use.py), and code lines of the sources (cloc). Throws Failure on recursion too.
Column measure_size(Session& session);

} // namespace bulkhead::tool
