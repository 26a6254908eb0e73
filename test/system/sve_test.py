"""SVE for the domains that ask for it, on QEMU's CPU with every feature."""


def test_each_domain_has_vectors_as_long_as_it_asked_for(start, board):
    machine = start(board("sve", cpu="max", memory="1G", cpus=3), 90)
    machine.see_all(
        [
            "SVE: maximum available vector length 64 bytes per vector",
            r"shell: Linux \S+, CPUs 0 online",
            r"DOM2: # vectors of 256 bits",
            r"DOM2: ok registers.vectors_survive",
            r"DOM2: ok registers.vectors_can_be_denied",
            r"DOM2: conformance: \d+ passed, 0 failed",
            r"DOM3: skip registers.vectors_survive: the CPU has no SVE",
            r"DOM3: conformance: \d+ passed, 0 failed",
        ]
    )


def test_without_sve_in_the_cpu_the_domain_that_asks_is_left_out(start, board):
    machine = start(board("sve", memory="1G", cpus=3), 90)
    machine.see("/chosen/domU1: sve: not all CPUs have SVE; remove it")
    machine.see(r"conformance: \d+ passed, 0 failed")
