#pragma once

#include "base/host_console.hpp"
#include "base/log.hpp"
#include "base/report.hpp"
#include "base/types.hpp"
#include "sched/options.hpp"
#include "sched/scheduler.hpp"
#include "sched/trace.hpp"

#include <cstdint>
#include <string_view>

namespace bulkhead::boot {

/// The hypervisor's command line (Xen's xen-command-line, what makes sense for static partitions).
/// Strings point into the line.
struct Options {
    bool console = true;
    std::string_view dtuart;
    /// CTRL and this letter, three times, moves the console's input on; 'a' to 'z'.
    char console_switch = 'a';
    /// Input goes to the first domain once all are built.
    bool console_to_domain = true;
    HostConsole::Stamp console_timestamps = HostConsole::Stamp::none;
    /// Errors are always shown.
    log::Level loglvl = log::Level::info;

    std::uint32_t maxcpus = max_cpus;
    /// For the trace of each CPU.
    std::uint32_t trace_pages = sched::trace::usual_pages;
    sched::WaitMode vwfi = sched::WaitMode::automatic;
    sched::Kind scheduler = sched::Kind::null;
    sched::Options sched;
    /// RAM is cleared before a guest gets it.
    bool bootscrub = true;

    /// After a panic, stay there for someone to read it.
    bool noreboot = false;
    /// An SError that belongs to a guest stops everything, not only this guest.
    bool serrors_panic = false;
    /// `spec-ctrl=ssbd=force-disable`.
    bool allow_speculative_stores = false;
    /// A domain that cannot be built stops the boot; otherwise the others are built.
    bool panic_on_error = false;
};

/// Reads all options, Xen's way: name, name=value or no-name, separated by spaces, the last one
/// wins. What is wrong, unknown, or Xen's but without effect here, is reported and passed over.
Options parse_command_line(std::string_view line, Report& report);

} // namespace bulkhead::boot
