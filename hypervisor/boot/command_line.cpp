#include "boot/command_line.hpp"

#include "base/fixed_vector.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

namespace bulkhead::boot {
namespace {

/// An option and its values: "a,b|c" is a choice of two, the first of which has two names.
struct Known {
    std::string_view name;
    std::string_view values;
    /// Choice number `choice`, or any other value of an option that is no choice (`values` then
    /// only describes it). False: it cannot be that.
    bool (*take)(Options& options, unsigned choice, std::string_view value);
    bool is_choice = true;
};

/// A choice's number is the variable's value.
template <auto variable>
bool store(Options& options, unsigned choice, std::string_view /*value*/)
{
    auto& stored = options.*variable;
    stored = static_cast<std::remove_reference_t<decltype(stored)>>(choice);
    return true;
}

bool take_scheduler(Options& options, unsigned choice, std::string_view /*value*/)
{
    options.scheduler = sched::kind_of(choice);
    return true;
}

bool take_runqueue(Options& options, unsigned choice, std::string_view /*value*/)
{
    options.sched.runqueue = static_cast<sched::Runqueue>(choice);
    return true;
}

template <auto variable, std::uint64_t least, std::uint64_t most>
bool take_number(Options& options, unsigned /*choice*/, std::string_view value)
{
    const auto number = text::number(value);
    if (!number || *number < least || *number > most) return false;
    options.sched.*variable = static_cast<std::uint32_t>(*number);
    return true;
}

bool take_ratelimit(Options& options, unsigned choice, std::string_view value)
{
    constexpr auto variable = &sched::Options::ratelimit_us;
    return take_number<variable, 0, 0>(options, choice, value) ||
           take_number<variable, 100, 500'000>(options, choice, value);
}

bool take_dtuart(Options& options, unsigned /*choice*/, std::string_view value)
{
    options.dtuart = value;
    return true;
}

bool take_conswitch(Options& options, unsigned /*choice*/, std::string_view value)
{
    if (value.empty() || value.size() > 2 || value[0] < 'a' || value[0] > 'z') return false;
    options.console_switch = value[0];
    options.console_to_domain = value.size() == 1 || value[1] != 'x';
    return true;
}

bool take_maxcpus(Options& options, unsigned /*choice*/, std::string_view value)
{
    const auto count = text::number(value).value_or(0);
    options.maxcpus = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, max_cpus));
    return count != 0;
}

bool take_tbuf_size(Options& options, unsigned /*choice*/, std::string_view value)
{
    const auto pages = text::number(value);
    if (!pages || *pages > sched::trace::most_pages) return false;
    options.trace_pages = static_cast<std::uint32_t>(*pages);
    return true;
}

constexpr std::string_view flag = "no,off,false,disable,0|yes,on,true,enable,1";
constexpr std::string_view levels = "error,none|warning|info|debug,all";
constexpr bool is_text = false;

constexpr Known known[] = {
    {"bootscrub", "no,off,false,disable,0|yes,on,true,enable,1,idle", store<&Options::bootscrub>},
    {"console", "none|dtuart", store<&Options::console>},
    // Nothing here knows the date.
    {"console_timestamps", "none,no,off|boot,yes,on,date,datems|raw",
     store<&Options::console_timestamps>},
    {"conswitch", "a letter, and x to keep the input", take_conswitch, is_text},
    {"credit2_cap_period_ms", "a number from 1 to 1000",
     take_number<&sched::Options::cap_period_ms, 1, 1000>, is_text},
    {"credit2_runqueue", "cpu|core|socket|node|all", take_runqueue},
    {"dtuart", "a path or an alias", take_dtuart, is_text},
    {"loglvl", levels, store<&Options::loglvl>},
    {"maxcpus", "a number from 1 on", take_maxcpus, is_text},
    {"noreboot", flag, store<&Options::noreboot>},
    {"on-error", "continue|panic", store<&Options::panic_on_error>},
    {"sched", "credit|credit2|arinc653|rtds|null", take_scheduler},
    {"sched_credit_tslice_ms", "a number from 1 to 1000",
     take_number<&sched::Options::tslice_ms, 1, 1000>, is_text},
    {"sched_ratelimit_us", "0, or a number from 100 to 500000", take_ratelimit, is_text},
    {"serrors", "diverse|panic", store<&Options::serrors_panic>},
    {"spec-ctrl", "ssbd=force-enable,ssbd=runtime|ssbd=force-disable",
     store<&Options::allow_speculative_stores>},
    {"tbuf_size", "at most 512 pages for each CPU", take_tbuf_size, is_text},
    {"vwfi", "auto|native|trap", store<&Options::vwfi>},
};

/// Xen's other options on Arm: for dom0, for schedulers and mechanisms that are not here. A name
/// that ends in an underscore or a dash stands for all that start like it.
constexpr std::string_view xens =
    "acpi argo badpage bootscrub_chunk buddy-alloc-size com1 conring_size console_to_ring "
    "crash-debug- credit2_ debug_stack_lines dma_bits dom0 dom0-iommu dom0-llc-colors "
    "dom0_max_vcpus dom0_mem dom0_vcpus_pin ext_regions flask gnttab gnttab_max_frames "
    "gnttab_max_maptrack_frames guest_loglvl hardware_dom hmp-unsafe iommu llc-coloring "
    "llc-nr-ways llc-size "
    "low_mem_virq_limit max_lpi_bits memop-max-order numa partial-emulation pci-passthrough "
    "pdx-compress scmi-smc-passthrough scrub-domheap "
    "serial_tx_buffer sync_console tee tevt_mask timer_slop xen-llc-colors xsm";

bool is_xens(std::string_view name)
{
    for (auto rest = xens; !rest.empty();) {
        const auto other = text::split(rest, ' ');
        const bool is_family = other.back() == '_' || other.back() == '-';
        if (is_family ? name.starts_with(other) : name == other) return true;
    }
    return false;
}

std::string_view nearest_name(std::string_view name)
{
    FixedVector<std::string_view, 80> names;
    for (const auto& option : known)
        static_cast<void>(names.push(option.name));
    for (auto rest = xens; !rest.empty();)
        static_cast<void>(names.push(text::split(rest, ' ')));
    return text::nearest(name, names);
}

const Known* find(std::string_view name)
{
    const auto* found = std::ranges::find(known, name, &Known::name);
    return found == std::end(known) ? nullptr : found;
}

std::optional<unsigned> choice_of(std::string_view value, std::string_view values)
{
    for (unsigned choice = 0; !values.empty(); ++choice) {
        for (auto names = text::split(values, '|'); !names.empty();) {
            if (text::split(names, ',') == value) return choice;
        }
    }
    return std::nullopt;
}

bool take(const Known& option, Options& options, std::string_view value)
{
    if (!option.is_choice) return option.take(options, 0, value);
    if (value.empty()) value = "yes";
    // Several may be given; of Xen's <level>/<level under a flood> the first counts.
    while (!value.empty()) {
        auto part = text::split(value, ',');
        const auto choice = choice_of(text::split(part, '/'), option.values);
        if (!choice || !option.take(options, *choice, {})) return false;
    }
    return true;
}

void take_word(Options& options, std::string_view word, Report& report)
{
    auto value = word;
    auto name = text::split(value, '=');
    if (name.starts_with("no-") && value.empty()) {
        auto positive = name;
        positive.remove_prefix(3);
        if (find(positive) != nullptr) {
            name = positive;
            value = "no";
        }
    }
    if (const auto* option = find(name)) {
        if (!take(*option, options, value))
            report.error("command line: {}: {} has to be {}", word, name, option->values);
    } else if (is_xens(name)) {
        report.warning("command line: {} has no effect here", word);
    } else if (const auto near = nearest_name(name); !near.empty()) {
        report.error("command line: {} is unknown; is {} meant?", name, near);
    } else {
        report.error("command line: {} is unknown", name);
    }
}

} // namespace

Options parse_command_line(std::string_view line, Report& report)
{
    Options options;
    while (!line.empty()) {
        const auto word = text::split(line, ' ');
        if (!word.empty()) take_word(options, word, report);
    }
    return options;
}

} // namespace bulkhead::boot
