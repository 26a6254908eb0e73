#pragma once
#include "schedule_checks.hpp"

#include <string>

namespace bulkhead::tool {

/// What was recorded, and of which system.
struct TraceFile {
    ScheduleTrace trace;
    ScheduleFacts facts;
    std::vector<std::string> domains{}; ///< names, from domain 1 on
};

/// As JSON in Chrome's trace event format, which ui.perfetto.dev and chrome://tracing show: a row
/// for each CPU with who has it, a row for each vCPU with where it is. Under "bulkhead" it has the
/// records themselves, for trace_from_json.
std::string trace_to_json(const TraceFile& file);
/// Throws Failure that says what is missing.
TraceFile trace_from_json(const std::string& text);

} // namespace bulkhead::tool
