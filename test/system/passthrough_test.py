"""Devices of the machine's that a guest drives itself."""

import subprocess

import pytest

from machine import TOOL

RESTARTS = 50

# A page of the host's addresses that no device answers at, where `crash` of guest/hello reads.
HOLE = """
/dts-v1/;
/ {
    #address-cells = <2>;
    #size-cells = <2>;
    passthrough {
        compatible = "simple-bus";
        #address-cells = <2>;
        #size-cells = <2>;
        ranges;
        hole@81000000 {
            reg = <0 0x81000000 0 0x1000>;
            xen,reg = <0 0xb000000 0 0x1000 0 0x81000000>;
            xen,force-assign-without-iommu;
        };
    };
};
"""
WITH_A_HOLE = """
[machine]
name = "virt"
gic = 3
cpus = 2
memory = "256 MiB"
[[domain]]
name = "first"
kernel = "guest:hello"
memory = "16 MiB"
device_tree = "hole.dtb"
[[domain]]
name = "second"
kernel = "guest:hello"
memory = "16 MiB"
"""


@pytest.mark.parametrize("gic", [2, 3])
def test_a_guest_gets_the_interrupt_of_its_device_and_its_neighbour_has_no_such_device(boot, gic):
    machine = boot(f"passthrough_gicv{gic}", interactive=True)
    machine.see("DOM2: hello: command line")
    machine.command("alarm", "hello: there is no PL031")
    machine.switch_input("DOM2")
    for _ in range(2):
        machine.command("alarm 1", "hello: interrupt 34 of the clock at 0x9010000 after")


def test_linux_finds_the_clock_of_its_partial_tree_and_wakes_by_it(boot):
    linux = boot("passthrough_linux", interactive=True)
    linux.see(r"rtc-pl031 9010000\S+ registered as rtc0")
    linux.see(r"[#$] ")
    linux.command("echo +1 > /sys/class/rtc/rtc0/wakealarm; sleep 2", r"[#$] ")
    linux.command("grep rtc /proc/interrupts", r" 1 +GICv3 +34 Level +rtc-pl031")
    linux.type("poweroff -f\r")
    linux.see("powered off")


def interrupts_after_each_restart(machine, command, answer):
    for _ in range(RESTARTS):
        machine.command(command, answer)
        machine.command("reset", "hello: command line")
    assert not machine.lines("unexpected interrupt"), machine.text


def test_a_device_of_the_zcu102_interrupts_its_guest_over_fifty_restarts(boot):
    machine = boot("passthrough_zcu102", interactive=True, seconds=120)
    machine.see("DOM2: hello: command line")
    machine.command("count", "hello: there is no TTC")
    machine.switch_input("DOM2")
    interrupts_after_each_restart(machine, "count", "hello: interrupt 68 of the counter at 0xff110000 after")


def test_a_clock_is_quiet_and_works_after_each_of_fifty_restarts(boot):
    machine = boot("passthrough_gicv3", interactive=True, seconds=120)
    machine.see("DOM2: hello: command line")
    machine.switch_input("DOM2")
    interrupts_after_each_restart(machine, "alarm 0", "hello: interrupt 34 of the clock at 0x9010000 after")


def test_a_guest_with_the_machines_addresses_drives_a_device(boot):
    machine = boot("passthrough_direct", interactive=True)
    machine.see("hello: command line")
    machine.command("alarm 0", "hello: interrupt 34 of the clock at 0x9010000 after")
    machine.command("reset", "hello: command line")
    machine.command("alarm 0", "hello: interrupt 34 of the clock at 0x9010000 after")


def test_the_abort_of_a_device_that_does_not_answer_is_its_guests(start, tmp_path):
    subprocess.run(
        ["dtc", "-q", "-o", tmp_path / "hole.dtb"], input=HOLE, text=True, check=True
    )
    description = tmp_path / "hole.toml"
    description.write_text(WITH_A_HOLE)
    machine = start([TOOL, "run", "--interactive", description], 60)
    machine.see_all(["hello> ", "DOM2: hello: command line"])
    # Data Abort, synchronous external, and not by the hypervisor.
    machine.command("crash", "reading 0x81000000: abort, ESR 0x96000010 FAR 0x81000000")
    assert "nothing answers" not in machine.text
    machine.command("ping", "pong")
    machine.switch_input("DOM2")
    machine.command("ping", "pong")
