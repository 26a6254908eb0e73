"""Domains that are joined by an event channel of the device tree, and Linux with Xen's interface."""

import re

import pytest


@pytest.mark.parametrize("gic", ["gicv3", "gicv2"])
def test_two_domains_ring_each_other_until_one_ends(boot, gic):
    machine = boot(f"two_bells_{gic}", seconds=120)
    machine.see_all(
        [
            "bell: answered 1000 times",
            r"bell: send count=999 min=\d+",
            r"bell: round trip count=999 min=\d+",
            r"domain 2 \(answer\) powered off",
            "bell: nobody is there any more",
        ]
    )
    machine.see_all_domains_stop()


def test_linux_uses_xens_events_and_does_without_grants(boot):
    machine = boot("linux_enhanced", seconds=240)
    machine.see("Xen 4.17 support found")
    machine.see("grant table add_to_physmap failed, err=-38")
    machine.see("xen:events: Using 2-level ABI")
    machine.see("Xen: initializing cpu1")
    machine.see("shell: Linux .* CPUs 0-1 online")
    machine.see(r"domain 1 \(linux\) powered off")
    machine.see_end()
    assert not re.search(r"BUG|Oops|Call trace", machine.text)
