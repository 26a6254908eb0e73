"""What the schedulers did on a real run, held against what they promise."""

import json

import pytest

from machine import DESCRIPTIONS, OUT, TOOL


@pytest.fixture
def traced(start):
    """Runs a description of this folder for its trace, and returns that trace's file."""

    def run(name, *options):
        file = OUT / "trace" / f"{name}.json"
        file.unlink(missing_ok=True)
        recorder = start([TOOL, "trace", "run", DESCRIPTIONS / f"{name}.toml", *options], 300)
        recorder.see(r"records of \d+ CPUs")
        recorder.see_end()
        return file

    return run


def check(start, file):
    checker = start([TOOL, "trace", "check", file], 60)
    checker.see("all is as promised")
    checker.see_end()


def test_the_trace_of_a_run_under_null_keeps_its_promises(traced, start):
    check(start, traced("trace_null"))


@pytest.mark.parametrize("scheduler", ["credit", "credit2", "rtds"])
def test_a_trace_of_seconds_of_shared_cpus_keeps_the_promises_of_its_scheduler(traced, start, scheduler):
    file = traced(f"trace_{scheduler}", "--pages", "256", "--until", "phase=busy samples=")
    events = json.loads(file.read_text())["traceEvents"]
    bars = [event for event in events if event["ph"] == "X" and event["pid"] == 0]
    # Shares are compared over no less.
    assert max(bar["ts"] + bar["dur"] for bar in bars) - min(bar["ts"] for bar in bars) > 1_000_000
    check(start, file)


def test_the_trace_of_a_table_of_windows_keeps_to_it(traced, start):
    file = traced("pool_arinc653", "--pages", "256", "--until", "phase=busy samples=")
    names = [event["name"] for event in json.loads(file.read_text())["traceEvents"]]
    assert names.count("window storm v0") >= 40
    check(start, file)


def test_a_trace_is_a_picture_of_who_had_each_cpu_and_when(traced):
    events = json.loads(traced("trace_null").read_text())["traceEvents"]
    bars = [event for event in events if event["ph"] == "X" and event["pid"] == 0]
    assert {(bar["name"], bar["tid"]) for bar in bars} == {("one v0", 0), ("two v0", 1)}
    # Each of `two`'s 50 samples and 10 rounds of warming up ended a sleep.
    assert len([bar for bar in bars if bar["tid"] == 1]) >= 60
