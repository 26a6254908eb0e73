"""A domain's life beyond its first boot."""

import struct

import pytest

from machine import TOOL

RESTARTS = 50


def free_memory(machine):
    machine.type("m")
    return machine.see(r"(\d+ bytes of RAM free, \d+ used) by").group(1)


def test_fifty_restarts_leave_no_memory_behind_and_the_neighbour_running(boot):
    machine = boot("restart", interactive=True, seconds=90)
    machine.see("hello: reset")
    machine.switch_input("DOM2")
    machine.switch_input("Xen")
    before = free_memory(machine)
    for _ in range(RESTARTS):
        machine.see("DOM2: hello: reset")
    assert free_memory(machine) == before
    machine.see("DOM1: latency: done")
    assert not machine.lines("unexpected interrupt"), machine.text


@pytest.mark.parametrize("description", ["linux_and_hello", "linux_and_hello_zcu102"])
def test_linux_reboots_and_its_neighbour_does_not_notice(boot, description):
    machine = boot(description, interactive=True, seconds=90)
    machine.see(r"shell: Linux \S+, CPUs 0-1 online")
    machine.see(r"[#$] ")
    machine.type("reboot -f\r")
    machine.see(r"domain 1 \(linux\) asked for a reset: restart 1")
    machine.see(r"shell: Linux \S+, CPUs 0-1 online")
    machine.switch_input("DOM2")
    machine.command("ping", r"\npong")
    assert len(machine.lines("hello: EL1")) == 1, machine.text


def test_what_follows_a_reset_or_a_crash_is_the_descriptions_word(boot):
    machine = boot("endings", interactive=True)
    machine.see_all(["DOM1: .*hello: EL1|hello: EL1", "DOM2: hello: EL1"])
    machine.command("hang", r"domain 1 \(restarts\) crashed: its watchdog .*: restart 1")
    machine.see("hello: EL1")
    machine.command("pet", "hello: watchdog: petted")
    machine.switch_input("DOM2")
    machine.command("pet", "hello: watchdog: there is none")
    machine.command("reset", r"domain 2 \(stops\) asked for a reset: stopped")


def test_a_panic_stops_all_cpus_and_nobody_writes_into_its_text(boot):
    machine = boot("panic", interactive=True)
    machine.see("all is well so far")
    machine.switch_input("DOM2")
    machine.type("reset\r")
    machine.see("panic: a domain ended that must not on CPU 1")
    machine.see(r"stopped; ./bulkhead symbols names the addresses\r?\n")
    machine.see_nothing()
    text = machine.text[machine.text.index("panic:") :]
    assert "well so far" not in text, text


def test_an_access_to_nothing_is_reported_and_floods_no_console(boot):
    machine = boot("two_hellos", interactive=True)
    machine.see("hello: EL1")
    reported = r"domain 1 \(first\): read of 0x[0-9a-f]+: nothing answers.*; vCPU 0, pc 0x"
    machine.command("crash", reported)
    for _ in range(50):
        machine.command("crash", "hello: reading .*: abort")
    machine.command("ping", r"\npong")
    assert 2 <= len(machine.lines("nothing answers")) < 40, machine.text


SILENT = """
[machine]
name = "virt"
cpus = 1
memory = "256 MiB"

[[domain]]
name = "silent"
kernel = "silent.bin"
memory = "4 MiB"
"""


def test_a_domain_that_gets_nowhere_is_reported(start, tmp_path):
    # PSCI_VERSION and a loop, behind an arm64 Image's header.
    load_version, call, loop = 0xD2B08000, 0xD4000003, 0x14000000
    header = struct.pack("<2I3Q24x4sI", 0x14000010, 0, 0, 0x1000, 0, b"ARM\x64", 0)
    code = struct.pack("<3I", load_version, call, loop)
    (tmp_path / "silent.bin").write_bytes(header + code)
    (tmp_path / "silent.toml").write_text(SILENT)
    machine = start([TOOL, "run", "--timeout", 30, tmp_path / "silent.toml"], 30)
    machine.see(r"domain 1 \(silent\) has not reached its console .*: pc 0x[0-9a-f]+, last exit: SMC")
