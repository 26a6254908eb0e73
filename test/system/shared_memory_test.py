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


def test_linux_finds_shared_memory_in_its_tree_and_its_user_space_maps_it(boot):
    linux = boot("shared_linux", interactive=True, seconds=120)
    linux.see(r"[#$] ")
    node = "/proc/device-tree/reserved-memory/xen-shmem@70000000"
    linux.command(f"cat {node}/xen,id; echo", r"\nmail")
    linux.command("devmem 0x70000000 32", r"\n0x00000000")
    linux.command("devmem 0x70000000 32 0x12345678; devmem 0x70000000 32", r"\n0x12345678")
    linux.switch_input("DOM2")
    linux.command("peek", "hello: shared memory starts with 0x12345678")
    linux.command("reset", "hello: EL1")
    linux.command("peek", "hello: shared memory starts with 0x12345678")
