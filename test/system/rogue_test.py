"""A guest that does whatever it can, by a seed, and a neighbour that must not notice."""

import re

import pytest

from machine import TOOL

BOARDS = {
    "gicv3": 'name = "virt"\ngic = 3\ncpus = 3\nmemory = "256 MiB"',
    "gicv2": 'name = "virt"\ngic = 2\ncpus = 3\nmemory = "256 MiB"',
    "zcu102": 'name = "zcu102"\nmemory = "2 GiB"',
}

DESCRIPTION = """
[machine]
{board}
deterministic = {exact}

[[domain]]
name = "witness"
kernel = "guest:witness"
cmdline = "lines={lines} samples=10 period-us=500"
memory = "4 MiB"
cpus = [0]

[[domain]]
name = "rogue"
kernel = "guest:rogue"
cmdline = "{rogue}"
memory = "4 MiB"
cpus = {cpus}
on_reset = "restart"
on_crash = "restart"
watchdog_ms = {watchdog_ms}
"""


def judgement(start, folder, lines, seconds, **values):
    """What the witness says in the end, in whose lines nobody else wrote."""
    file = folder / "rogue.toml"
    file.write_text(DESCRIPTION.format(lines=lines, **values))
    # What to repeat the run with; a rogue's console says which lives it had.
    print(f"./bulkhead run {file}:\n{file.read_text()}")
    machine = start([TOOL, "run", "--timeout", seconds, file], seconds)
    said = machine.see(r"witness: done, (\d+) words changed, latency min=(\d+) .* late=(\d+)")
    told = re.findall(r"^witness +\| witness: line (\d+) of .*, all is well so far$", machine.text, re.M)
    assert told == [str(n) for n in range(lines)], machine.text
    assert "panic" not in machine.text, machine.text
    return [int(number) for number in said.groups()]


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("board", BOARDS)
def test_a_rogue_changes_neither_memory_nor_lines_of_its_neighbour(start, tmp_path, board, seed):
    changed, _, _ = judgement(
        start, tmp_path, lines=50, seconds=60, board=BOARDS[board], exact="false",
        rogue=f"seed={seed}", cpus=[1, 2], watchdog_ms=60,
    )
    assert changed == 0


@pytest.mark.parametrize("board", BOARDS)
def test_a_rogue_does_not_delay_its_neighbours_interrupts(start, tmp_path, board):
    lines = 10
    changed, fastest, late = judgement(
        start, tmp_path, lines=lines, seconds=120, board=BOARDS[board], exact="true",
        rogue="seed=1 tame=1", cpus=[1], watchdog_ms=3,
    )
    assert changed == 0
    assert fastest < 60
    # Not the hypervisor, but QEMU delays some: after an event of the rogue's CPU its turn goes on.
    assert late <= lines
