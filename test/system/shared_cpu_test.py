"""Domains that share CPUs."""

import pytest


@pytest.mark.parametrize("machine", ["gicv3", "gicv2", "zcu102"])
def test_two_linux_with_two_cpus_each_share_two_cpus(boot, machine):
    both = boot(f"two_linux_{machine}", interactive=True)
    both.see_all([r"\nshell: Linux \S+, CPUs 0-1 online", r"DOM2: shell: Linux \S+, CPUs 0-1 online"])
    both.see_all_domains_stop()
    assert len(both.lines("Power down")) == 2, both.text


def test_two_guests_on_one_cpu_answer_in_turn(boot):
    both = boot("one_cpu", interactive=True)
    both.see_all([r"\nhello: EL1", "DOM2: hello: EL1"])
    both.command("off", "hello: off")
    both.switch_input("DOM2")
    both.command("off", "hello: off")
    both.see_all_domains_stop()
