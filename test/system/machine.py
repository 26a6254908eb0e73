"""A running machine: what a user sees on its console and types there."""

import re
import signal
import sys
from pathlib import Path

import pexpect
import pytest

PROJECT = Path(__file__).resolve().parents[2]
OUT = PROJECT / "out"
TOOL = OUT / "build" / "host" / "tool" / "bulkhead-tool"
DESCRIPTIONS = Path(__file__).resolve().parent

SWITCH_INPUT = "\x01" * 3  # CTRL-a three times
ALL_STOPPED = "all domains have stopped"
CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
TAIL_LINES = 40


class Machine:
    """One process with a console on its terminal. `end` ends that process and no other."""

    def __init__(self, command, seconds):
        self._seconds = seconds
        self._console = []
        self._process = pexpect.spawn(
            str(command[0]),
            [str(argument) for argument in command[1:]],
            cwd=str(PROJECT),
            timeout=seconds,
            encoding="utf-8",
            codec_errors="replace",
            echo=False,
            dimensions=(50, 400),
        )
        self._process.logfile_read = self
        self._process.delaybeforesend = None

    # What pexpect asks of a log file.
    def write(self, text):
        self._console.append(text)

    def flush(self):
        pass

    @property
    def text(self):
        """All that was shown so far, without colours."""
        return CONTROL_SEQUENCE.sub("", "".join(self._console)).replace("\r", "")

    def lines(self, part):
        return [line for line in self.text.splitlines() if part in line]

    def see(self, pattern):
        """Waits until the console shows a match of the regular expression."""
        found = self._process.expect([pattern, pexpect.EOF, pexpect.TIMEOUT])
        if found != 0:
            happened = "the machine ended" if found == 1 else f"{self._seconds} s went by"
            self.fail(f"{happened} without {pattern!r} on the console")
        return self._process.match

    def see_all(self, patterns):
        """Waits until the console has shown all of them, in whatever order."""
        missing = list(patterns)
        while missing:
            found = self._process.expect([*missing, pexpect.EOF, pexpect.TIMEOUT])
            if found >= len(missing):
                self.fail(f"no {' and no '.join(missing)} on the console")
            del missing[found]

    def type(self, text):
        self._process.send(text)

    def command(self, line, answer):
        self.type(line + "\r")
        return self.see(answer)

    def switch_input(self, to):
        self.type(SWITCH_INPUT)
        self.see(rf"\*\*\* Serial input to {to}\b")

    def see_nothing(self, seconds=1):
        """Fails if anything more is shown within this time."""
        if self._process.expect([pexpect.TIMEOUT, ".+"], timeout=seconds) != 0:
            self.fail("there is more on the console")

    def see_end(self):
        """Waits until the machine ends by itself, and well."""
        if self._process.expect([pexpect.EOF, pexpect.TIMEOUT]) != 0:
            self.fail(f"the machine still ran after {self._seconds} s")
        self._process.wait()
        if self._process.exitstatus != 0:
            self.fail(f"exit code {self._process.exitstatus}, signal {self._process.signalstatus}")

    def see_all_domains_stop(self):
        self.see(ALL_STOPPED)
        self.see_end()

    def fail(self, what):
        tail = "\n".join(self.text.splitlines()[-TAIL_LINES:])
        pytest.fail(f"{what}. The end of the console:\n{tail}", pytrace=False)

    def end(self):
        """Asks the process to end, so that the tool can end its emulator, and insists if need be."""
        if self._process.isalive():
            self._process.kill(signal.SIGTERM)
            try:
                self._process.expect(pexpect.EOF, timeout=5)
            except pexpect.TIMEOUT:
                print("the machine did not end when asked to", file=sys.stderr)
        self._process.close(force=True)
