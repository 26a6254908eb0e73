"""From the virtual timer's expiry to the guest's handler, where an instruction is a nanosecond."""

import re

import pytest

MOST_INSTRUCTIONS = 100


def measurement(boot, description):
    machine = boot(description)
    machine.see("latency: done")
    machine.see_end()
    return [line[line.index("latency: ") :] for line in machine.lines("latency: ")]


@pytest.mark.parametrize("gic", ["gicv3", "gicv2"])
def test_latency_is_short_and_the_same_in_every_run(boot, gic):
    first = measurement(boot, f"latency_{gic}")
    summary = next(line for line in first if line.startswith("latency: samples="))
    assert int(re.search(r"max=(\d+)", summary).group(1)) <= MOST_INSTRUCTIONS, summary
    assert measurement(boot, f"latency_{gic}") == first
