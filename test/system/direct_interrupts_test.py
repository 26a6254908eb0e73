"""The findings of doc/direct-interrupts.md, from a guest that is its own hypervisor."""

import re

from machine import OUT

MACHINE = ["qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3"]
MACHINE += ["-cpu", "cortex-a53,cntfrq=1000000000", "-m", "128M", "-nic", "none", "-no-reboot"]
MACHINE += ["-display", "none", "-monitor", "none", "-serial", "stdio"]
MACHINE += ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]

FINDINGS = {
    "group0_reaches_el2": "yes",
    "virtual_timer": "min=1 max=1 visits=0",
    "physical_timer": "min=1 max=1 visits=0",
    "sgi_leads_to_el2": "yes",
    "mask_of_guest_is_virtual_without_trap": "yes",
    "mask_of_guest_can_be_trapped": "yes",
    "half_the_priorities_can_be_masked_alone": "yes",
    "mask_0_masks_el2": "yes",
    "el2_preempts_an_active_one": "yes",
    "active_priority_locks_el2_out": "yes",
    "el2_is_back_without_it": "yes",
    "end_of_interrupt_ends_another_cpus": "yes",
    "interrupt_with_group1_trapped": "traps=2",
}


def test_group_1_costs_el2_nothing_and_lets_its_guest_lock_el2_out(start):
    machine = start([*MACHINE, "-kernel", OUT / "guests" / "direct.bin"], 60)
    machine.see("direct: done")
    assert dict(re.findall(r"direct: (\w+) (.+)", machine.text)) == FINDINGS
