#include "boot/command_line.hpp"

#include <gtest/gtest.h>
#include <string_view>

namespace bulkhead::boot {
namespace {

Options quietly(std::string_view line)
{
    Report report;
    const auto options = parse_command_line(line, report);
    EXPECT_EQ(report.text(), "") << line;
    return options;
}

std::string messages(std::string_view line)
{
    Report report;
    (void)parse_command_line(line, report);
    return std::string{report.text()};
}

TEST(CommandLine, without_options_the_defaults_hold)
{
    const auto options = quietly("   ");
    EXPECT_TRUE(options.console);
    EXPECT_EQ(options.dtuart, "");
    EXPECT_EQ(options.console_switch, 'a');
    EXPECT_EQ(options.vwfi, sched::WaitMode::automatic);
    EXPECT_EQ(options.loglvl, log::Level::info);
    EXPECT_EQ(options.maxcpus, max_cpus);
    EXPECT_TRUE(options.bootscrub);
    EXPECT_FALSE(options.noreboot);
    EXPECT_FALSE(options.panic_on_error);
}

TEST(CommandLine, a_usual_line_of_xen_is_taken)
{
    const auto options = quietly("console=dtuart dtuart=serial0  sched=null vwfi=native maxcpus=2 "
                                 "loglvl=all/warning bootscrub=0 noreboot "
                                 "console_timestamps=boot serrors=panic conswitch=bx");
    EXPECT_TRUE(options.console);
    EXPECT_EQ(options.dtuart, "serial0");
    EXPECT_EQ(options.vwfi, sched::WaitMode::native);
    EXPECT_EQ(options.maxcpus, 2U);
    EXPECT_EQ(options.loglvl, log::Level::debug);
    EXPECT_FALSE(options.bootscrub);
    EXPECT_TRUE(options.noreboot);
    EXPECT_EQ(options.console_timestamps, HostConsole::Stamp::seconds);
    EXPECT_TRUE(options.serrors_panic);
    EXPECT_EQ(options.console_switch, 'b');
    EXPECT_FALSE(options.console_to_domain);
}

TEST(CommandLine, flags_have_all_of_xens_forms)
{
    for (const auto* on : {"noreboot", "noreboot=yes", "noreboot=on", "noreboot=true",
                           "noreboot=enable", "noreboot=1", "no-noreboot noreboot"})
        EXPECT_TRUE(quietly(on).noreboot) << on;
    for (const auto* off : {"no-bootscrub", "bootscrub=no", "bootscrub=off", "bootscrub=false",
                            "bootscrub=disable", "bootscrub=0"})
        EXPECT_FALSE(quietly(off).bootscrub) << off;
    EXPECT_TRUE(quietly("bootscrub=idle").bootscrub);
    EXPECT_EQ(quietly("console_timestamps").console_timestamps, HostConsole::Stamp::seconds);
    EXPECT_EQ(quietly("no-console_timestamps").console_timestamps, HostConsole::Stamp::none);
}

TEST(CommandLine, the_last_one_wins_and_lists_have_commas)
{
    EXPECT_EQ(quietly("vwfi=native vwfi=trap").vwfi, sched::WaitMode::trap);
    EXPECT_FALSE(quietly("console=none").console);
    EXPECT_TRUE(quietly("console=none,dtuart").console);
}

TEST(CommandLine, more_cpus_than_there_is_room_for_are_all_of_them)
{
    EXPECT_EQ(quietly("tbuf_size=64").trace_pages, 64U);
    EXPECT_EQ(quietly("maxcpus=0x1000").maxcpus, max_cpus);
    EXPECT_EQ(quietly("maxcpus=4294967297").maxcpus, max_cpus);
}

TEST(CommandLine, a_failed_domain_stops_the_boot_on_request)
{
    EXPECT_TRUE(quietly("on-error=panic").panic_on_error);
    EXPECT_FALSE(quietly("on-error=panic on-error=continue").panic_on_error);
}

TEST(CommandLine, a_wrong_value_is_answered_with_what_would_be_right)
{
    EXPECT_EQ(messages("vwfi=maybe"),
              "error: command line: vwfi=maybe: vwfi has to be auto|native|trap\n");
    EXPECT_EQ(messages("vwfi"), "error: command line: vwfi: vwfi has to be auto|native|trap\n");
    EXPECT_EQ(
        messages("sched=cfs"),
        "error: command line: sched=cfs: sched has to be credit|credit2|arinc653|rtds|null\n");
    EXPECT_EQ(messages("sched_ratelimit_us=50"),
              "error: command line: sched_ratelimit_us=50: sched_ratelimit_us has to be 0, or a "
              "number from 100 to 500000\n");
    EXPECT_EQ(messages("sched=credit2 sched_ratelimit_us=0 sched_credit_tslice_ms=1 "
                       "credit2_runqueue=core credit2_cap_period_ms=20"),
              "");
    EXPECT_EQ(messages("maxcpus=none"),
              "error: command line: maxcpus=none: maxcpus has to be a number from 1 on\n");
    EXPECT_EQ(messages("maxcpus=0"),
              "error: command line: maxcpus=0: maxcpus has to be a number from 1 on\n");
    EXPECT_EQ(messages("tbuf_size=513"), "error: command line: tbuf_size=513: tbuf_size has to be "
                                         "at most 512 pages for each CPU\n");
    for (const auto* line : {"conswitch=", "conswitch=abc", "conswitch=A", "noreboot=often",
                             "loglvl=loud", "no-vwfi", "console=dtuart,com1"})
        EXPECT_TRUE(messages(line).starts_with("error: command line: ")) << line;
}

TEST(CommandLine, an_option_of_xen_without_effect_is_a_warning)
{
    for (const auto* word : {"dom0_mem=512M", "timer_slop=5000", "crash-debug-panic=0",
                             "gnttab=max-ver:1", "tee=ffa", "dom0"})
        EXPECT_EQ(messages(word),
                  "warning: command line: " + std::string{word} + " has no effect here\n");
}

TEST(CommandLine, an_unknown_option_is_answered_with_the_nearest_known_one)
{
    EXPECT_EQ(messages("dtuar=serial0"),
              "error: command line: dtuar is unknown; is dtuart meant?\n");
    EXPECT_EQ(messages("dom_mem=1G"),
              "error: command line: dom_mem is unknown; is dom0_mem meant?\n");
    EXPECT_EQ(messages("xyzzy"), "error: command line: xyzzy is unknown\n");
    EXPECT_EQ(messages("=5"), "error: command line:  is unknown\n");
    EXPECT_EQ(messages("no-"), "error: command line: no- is unknown\n");
}

TEST(CommandLine, a_flood_of_errors_is_cut_and_counted)
{
    std::string line;
    for (int i = 0; i < 2000; ++i)
        line += "xyzzy ";
    Report report;
    (void)parse_command_line(line, report);
    EXPECT_EQ(report.errors(), 2000U);
    EXPECT_LE(report.text().size(), 8192U);
    EXPECT_TRUE(report.text().ends_with("\n"));
    report.print();
    EXPECT_EQ(report.text(), "");
}

} // namespace
} // namespace bulkhead::boot
