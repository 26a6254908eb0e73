"""Debian's unmodified Linux in domains."""

import pytest

BANNER = r"shell: Linux \S+, CPUs "


@pytest.mark.parametrize("machine", ["gicv3", "gicv2", "zcu102"])
def test_linux_smp_reaches_its_shell_and_powers_off(boot, machine):
    linux = boot(f"linux_{machine}", interactive=True)
    linux.see(BANNER + "0-1 online")
    linux.see(r"[#$] ")
    linux.command("nproc", r"\n2\r")
    linux.type("poweroff -f\r")
    linux.see_all_domains_stop()


def test_two_linux_and_two_bare_metal_guests_run_at_once(boot):
    machine = boot("four_domains", interactive=True, seconds=90)
    # The console's input is DOM1's, whose lines carry no name.
    machine.see_all(
        [r"\nshell: Linux", "DOM2: shell: Linux", "DOM3: hello: EL1", "DOM4: hello: EL1"]
    )
    machine.switch_input("DOM2")
    machine.switch_input("DOM3")
    machine.command("off", "hello: off")
    machine.switch_input("DOM4")
    machine.command("off", "hello: off")
    machine.see_all_domains_stop()
    assert len(machine.lines("Power down")) == 2, machine.text


def test_linux_takes_a_cpu_off_and_on_again_fifty_times(boot):
    linux = boot("hotplug", interactive=True, seconds=120)
    linux.see(BANNER + "0-1 online")
    linux.see(r"[#$] ")
    linux.type(
        "cd /sys/devices/system/cpu/cpu1; "
        "for n in $(seq 50); do echo 0 > online && echo 1 > online || echo failed; done; "
        "echo it is o''ver\r"
    )
    linux.see("it is over")
    assert "failed" not in linux.text.replace("echo failed", ""), linux.text
    linux.command("nproc", r"\n2\r")
    # What the neighbour measures meanwhile is the load of the machine that emulates.
    linux.see("DOM2: latency: done")


def test_linux_reaches_its_banner_on_a_cpu_with_every_feature(start, board):
    machine = start(board("linux_gicv3", cpu="max", memory="1G"), 60)
    machine.see(BANNER + "0-1 online")
