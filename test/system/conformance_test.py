"""The guest that checks its machine against the architecture."""

import re

# QEMU 7.2 looks at a level interrupt again when it is deactivated by the physical CPU interface,
# but not when a guest deactivates it by the virtual one (GICV). Real GIC-400s do.
NOT_IN_QEMU_GICV2 = {
    "timer.virtual_interrupt_is_level",
    "timer.physical_interrupt_is_level",
    "timer.virtual_periodic_ticks_are_complete",
    "timer.physical_periodic_ticks_are_complete",
}


def failures(machine):
    """The names of the failed checks, once the guest has counted them."""
    counted = int(machine.see(r"(\d+) failed").group(1))
    names = re.findall(r"FAIL ([\w.]+):", machine.text)
    assert len(names) == counted, machine.text
    assert int(re.search(r"(\d+) passed", machine.text).group(1)) > 100, machine.text
    return set(names)


def test_the_machine_is_the_architectures_on_gicv3(boot):
    assert failures(boot("conformance_gicv3")) == set()


def test_the_machine_is_the_architectures_on_gicv2(boot):
    assert failures(boot("conformance_gicv2")) - NOT_IN_QEMU_GICV2 == set()


def test_the_machine_is_the_architectures_on_the_zcu102(boot):
    assert failures(boot("conformance_zcu102")) - NOT_IN_QEMU_GICV2 == set()
