"""The partitioning profile: the program without hypercalls, event channels and trace."""

import re

import pytest

from machine import DESCRIPTIONS, TOOL


@pytest.fixture
def boot_partition(start):
    def boot(description, *options):
        command = [TOOL, "run", "--profile", "partition", *options]
        return start([*command, DESCRIPTIONS / f"{description}.toml"], 90)

    return boot


@pytest.mark.parametrize("gic", ["gicv3", "gicv2"])
def test_its_timer_path_is_the_full_ones(boot_partition, gic):
    machine = boot_partition(f"latency_{gic}")
    machine.see("latency: done")
    machine.see_end()
    (summary,) = machine.lines("latency: samples=")
    assert int(re.search(r"max=(\d+)", summary).group(1)) <= 50, summary


def test_linux_reaches_its_shell_on_two_cpus_and_powers_off(boot_partition):
    linux = boot_partition("linux_gicv3", "--interactive")
    linux.see(r"shell: Linux \S+, CPUs 0-1 online")
    linux.see(r"[#$] ")
    linux.type("poweroff -f\r")
    linux.see_all_domains_stop()


def test_xens_interface_is_refused_by_name(boot_partition):
    machine = boot_partition("linux_enhanced")
    machine.see("xen,enhanced needs Xen's hypercalls, which this build")
    machine.see("is not started")
