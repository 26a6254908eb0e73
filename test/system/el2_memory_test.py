"""EL2's own address space, read out of a running machine as the hardware walks it."""

import re
import socket
import struct
import subprocess

import pytest

from machine import OUT

PAGE = 0x1000
IMAGE = 0x4000_0000_0000
STACKS = 0x4100_0000_0000
STACK_SLOT = 0x8000
STACK_SIZE = 0x4000
READ_ONLY, EXECUTE_NEVER = 1 << 7, 1 << 54


def symbol(name):
    listed = subprocess.run(["nm", OUT / "bulkhead.elf"], check=True, capture_output=True, text=True)
    return int(re.search(rf"(\w+) \w {name}\n", listed.stdout).group(1), 16)


def leaves(memory, ram, table, level=0, start=0):
    """(address, size, descriptor) of all that is mapped (Arm ARM D8.3)."""
    for index in range(512):
        (entry,) = struct.unpack_from("<Q", memory, table - ram + 8 * index)
        size = 1 << (39 - 9 * level)
        address = start + index * size
        if entry & 1 == 0:
            continue
        if level < 3 and entry & 2:
            yield from leaves(memory, ram, entry & 0xFFFF_FFFF_F000, level + 1, address)
        else:
            yield address, size, entry


@pytest.fixture
def mapped(start, board, tmp_path):
    """What CPU 0 has mapped at EL2 while two guests run."""
    ram, size = 0x4000_0000, 256 << 20
    command = board("two_hellos")
    command[command.index("-monitor") + 1] = f"unix:{tmp_path}/monitor,server,nowait"
    machine = start(command, 60)
    machine.see("hello: command line")
    image = int(re.search(r"image at (0x\w+)", machine.text).group(1), 16)
    dump = tmp_path / "memory"
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(f"{tmp_path}/monitor")
        answers = monitor.makefile("rb")
        for line in ["stop", f'pmemsave {ram:#x} {size:#x} "{dump}"', "quit"]:
            monitor.sendall(f"{line}\n".encode())
        answers.read()
    return list(leaves(dump.read_bytes(), ram, symbol("boot_root_table") - IMAGE + image))


def test_nothing_is_writable_and_executable_and_the_identity_map_is_gone(mapped):
    text_end = symbol("rodata_start")
    executable = [(a, s) for a, s, entry in mapped if not entry & EXECUTE_NEVER]
    assert executable == [(a, PAGE) for a in range(IMAGE, text_end, PAGE)]
    read_only = {a for a, _, entry in mapped if entry & READ_ONLY}
    assert set(range(IMAGE, symbol("data_start"), PAGE)) <= read_only
    assert min(address for address, _, _ in mapped) == IMAGE


def test_what_is_written_only_at_boot_is_read_only_once_guests_run(mapped):
    kept = range(symbol("read_only_after_boot_start"), symbol("read_only_after_boot_end"), PAGE)
    read_only = {a for a, _, entry in mapped if entry & READ_ONLY}
    assert set(kept) <= read_only
    assert kept.stop not in read_only
    gic = "_ZZN8bulkhead6driver3gicEvE7the_gic"
    nodes = "_ZN8bulkhead5start12_GLOBAL__N_14roomE"
    options = "_ZN8bulkhead12_GLOBAL__N_17optionsE"
    for name in ("boot_root_table", gic, nodes, options, "secondary_affinities"):
        assert symbol(name) & -PAGE in kept, name


def test_below_each_stack_nothing_is_mapped(mapped):
    stacks = [a for a, _, _ in mapped if STACKS <= a < STACKS + 2 * STACK_SLOT]
    for cpu in range(2):
        top = STACKS + (cpu + 1) * STACK_SLOT
        own = {a for a in stacks if top - STACK_SLOT <= a < top}
        assert set(range(top - STACK_SIZE, top, PAGE)) <= own
        assert top - STACK_SIZE - PAGE not in own
