#include "console_session.hpp"
#include "emulator.hpp"
#include "failure.hpp"
#include "process.hpp"
#include "progress.hpp"
#include "temporary_project.hpp"

#include <csignal>
#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Command, is_shown_as_one_would_type_it)
{
    EXPECT_EQ((Command{{"echo", "a b", "it's", "", "-x=1"}, {{"LANG", "C"}}}.shown()),
              R"(LANG=C echo 'a b' 'it'\''s' '' -x=1)");
}

TEST(Process, output_is_captured_and_the_exit_code_known)
{
    const Captured captured = run_captured({{"sh", "-c", "echo hello; exit 3"}});
    EXPECT_EQ(captured.output, "hello\n");
    EXPECT_EQ(captured.ending.exit_code, 3);
}

TEST(Process, arguments_are_not_seen_by_a_shell)
{
    EXPECT_EQ(run_captured({{"printf", "%s", "$HOME 'x' \"y\" `z`"}}).output,
              "$HOME 'x' \"y\" `z`");
}

TEST(Process, environment_is_added_to_the_tools_own)
{
    EXPECT_EQ(run_captured(
                  {{"sh", "-c", "echo $ADDED; test -n \"$PATH\" && echo path"}, {{"ADDED", "x"}}})
                  .output,
              "x\npath\n");
}

TEST(Process, a_signal_counts_as_128_and_its_number)
{
    EXPECT_EQ(run_captured({{"sh", "-c", "kill -KILL $$"}}).ending.exit_code, 128 + SIGKILL);
}

TEST(Process, a_program_that_is_not_there_exits_with_127)
{
    EXPECT_EQ(run_captured({{"no-such-program-at-all"}}).ending.exit_code, 127);
}

TEST(Process, a_child_that_is_dropped_is_ended_with_its_children)
{
    Pipe pipe = make_pipe();
    {
        const ChildProcess child{{{"sh", "-c", "sleep 100 & sleep 100"}},
                                 {.output = pipe.write.get()}};
        pipe.write.close();
    }
    // Both held the pipe's other end: only when both have gone does it read as ended.
    EXPECT_EQ(read_some(pipe.read.get()), "");
}

TEST(Process, waiting_has_an_end)
{
    ChildProcess child{{{"sleep", "100"}}, {}};
    EXPECT_EQ(child.wait(milliseconds{10}), std::nullopt);
}

TEST(Progress, a_step_that_fails_shows_the_end_of_its_output_and_the_advice)
{
    const TemporaryProject folder;
    const Progress progress{folder.project().logs(), false};
    try {
        progress.step("trying", {{"sh", "-c", "seq 1 50; exit 4"}}, "try", "eat more fruit");
        FAIL();
    } catch (const Failure& failure) {
        const std::string text = failure.what();
        EXPECT_TRUE(text.starts_with("trying: failed (sh exited with 4)\n21\n22\n")) << text;
        EXPECT_TRUE(
            text.ends_with("50\nall of it: " + (folder.project().logs() / "try.log").string() +
                           "\neat more fruit"))
            << text;
    }
}

TEST(Progress, durations_are_said_as_people_do)
{
    EXPECT_EQ(format_duration(milliseconds{7320}), "7.3 s");
    EXPECT_EQ(format_duration(milliseconds{125000}), "2 min 5 s");
}

/// A shell script in the place of an emulator.
class EmulatorTest : public testing::Test {
protected:
    Emulator emulator(const std::string& script) { return Emulator{{{"sh", "-c", script}}, log()}; }
    [[nodiscard]] std::filesystem::path log() const
    {
        return folder.project().logs() / "console.log";
    }

    TemporaryProject folder;
};

TEST_F(EmulatorTest, the_watch_ends_with_the_line_it_waits_for)
{
    Emulator running = emulator("echo '(XEN) up'; echo '(XEN) DOM1: hello'; sleep 100");
    std::vector<std::string> seen;
    const ConsoleEnd end =
        watch_console(running, seconds{20}, [&](const ConsoleLine& line, Elapsed) {
            seen.push_back(line.text);
            return line.domain == 1U;
        });
    EXPECT_EQ(end, ConsoleEnd::satisfied);
    EXPECT_EQ(seen, (std::vector<std::string>{"up", "hello"}));
    EXPECT_EQ(read_file(log()), "(XEN) up\n(XEN) DOM1: hello\n");
}

TEST_F(EmulatorTest, the_watch_ends_with_its_time)
{
    Emulator running = emulator("sleep 100");
    EXPECT_EQ(watch_console(running, milliseconds{50}, [](const auto&, auto) { return false; }),
              ConsoleEnd::timed_out);
}

TEST_F(EmulatorTest, an_emulator_that_fails_has_its_last_words_shown)
{
    Emulator running = emulator("echo 'no such machine' >&2; exit 1");
    EXPECT_EQ(watch_console(running, seconds{20}, [](const auto&, auto) { return false; }),
              ConsoleEnd::emulator_ended);
    EXPECT_EQ(running.ending(), "QEMU failed (exit code 1): no such machine\n");
}

TEST_F(EmulatorTest, what_is_typed_reaches_the_console)
{
    Emulator running = emulator("read line; echo \"got $line\"");
    running.write("keys\n");
    std::string text;
    EXPECT_EQ(watch_console(running, seconds{20},
                            [&](const ConsoleLine& line, Elapsed) {
                                text = line.text;
                                return false;
                            }),
              ConsoleEnd::emulator_ended);
    EXPECT_EQ(text, "got keys");
    EXPECT_EQ(running.ending(), "QEMU ended");
}

} // namespace
} // namespace bulkhead::tool
