"""What the hypervisor says about a wrong configuration that the tool did not make."""

import subprocess

from machine import OUT


def test_wrong_configuration_is_reported_and_the_other_domain_still_boots(start, board):
    command = board("wrong_configuration")
    tree = OUT / "systems" / "wrong_configuration" / "system.dtb"
    nodes = subprocess.check_output(["fdtget", "-l", tree, "/chosen"], text=True).split()
    large = [node for node in nodes if node.startswith("dom")][-1]
    one_gibibyte = ["0", str(1 << 20)]  # the property is in KiB
    subprocess.check_call(["fdtput", tree, f"/chosen/{large}", "memory", *one_gibibyte])

    machine = start(command, 30)
    machine.see("hello: EL1")
    assert machine.lines("command line: schedd is unknown; is sched meant?"), machine.text
    refused = machine.lines(f"/chosen/{large}")
    assert any("memory = 1024 MiB, but " in line for line in refused), machine.text
