"""Memory that domains have by its address on the machine: static, shared, and direct-map."""

import pytest


@pytest.mark.parametrize("machine_kind", ["gicv3", "gicv2", "zcu102"])
def test_two_domains_find_in_shared_memory_what_the_other_wrote(boot, machine_kind):
    machine = boot(f"shared_{machine_kind}", seconds=120)
    machine.see_all(
        [
            "bell: shared memory at 0x60000000",
            r"bell: shared memory at 0x(48|10)000000",
            "bell: answered 200 times",
            "bell: round trip count=199",
            r"domain 2 \(answer\) powered off",
            "bell: nobody is there any more",
        ]
    )
    machine.see_all_domains_stop()
