"""CPU pools side by side, each with its scheduler: what a partition sees of the others."""

import re

MOST_INSTRUCTIONS = 60  # from the expiry of a timer to the handler, of a partition with its own CPU


def most(machine):
    machine.see("latency: done")
    summary = next(iter(machine.lines("latency: samples=")))
    return int(re.search(r"max=(\d+)", summary).group(1))


def test_a_partition_is_as_fast_beside_a_pool_that_is_shared(boot):
    machine = boot("pools")
    machine.see(r"CPU pool 0: null, CPUs 0x1\b")
    machine.see(r"CPU pool 1: credit2, CPUs 0x2\b")
    assert most(machine) <= MOST_INSTRUCTIONS


def test_a_partition_is_as_fast_beside_two_linux_that_share_two_cpus(boot):
    machine = boot("pools_linux", interactive=True, seconds=400)
    machine.see_all([r"DOM2: shell: Linux \S+, CPUs 0-1 online", r"DOM3: shell: Linux \S+, CPUs 0-1 online"])
    assert most(machine) <= MOST_INSTRUCTIONS


def test_a_budget_of_rtds_is_what_a_guest_gets_in_each_period(boot):
    # It is out for 8 ms of 10: what its timer wants meanwhile waits that long at most.
    longest = most(boot("pool_rtds"))
    assert 7_500_000 <= longest <= 8_050_000


def test_a_window_of_arinc653_is_what_a_guest_gets_in_each_frame(boot):
    # The other's window and the slack: 5 ms of 10.
    longest = most(boot("pool_arinc653"))
    assert 4_500_000 <= longest <= 5_050_000
