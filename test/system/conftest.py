import subprocess

import pytest

from machine import DESCRIPTIONS, OUT, PROJECT, TOOL, Machine

GUESTS = ("hello", "latency", "conformance", "bell", "direct", "rogue", "witness")
NEEDED = [
    TOOL,
    OUT / "bulkhead",
    *(OUT / "guests" / f"{name}.bin" for name in GUESTS),
]


@pytest.fixture(scope="session", autouse=True)
def artefacts():
    missing = [str(file) for file in NEEDED if not file.exists()]
    if missing:
        pytest.fail(f"missing: {', '.join(missing)}; run `./bulkhead build` first", pytrace=False)


@pytest.fixture
def start():
    """Starts machines from commands; all of them end with the test."""
    machines = []

    def start_command(command, seconds):
        machines.append(Machine(command, seconds))
        return machines[-1]

    yield start_command
    for machine in machines:
        machine.end()


@pytest.fixture
def boot(start):
    """Boots a description of this folder, as `./bulkhead run` does."""

    def boot_description(name, interactive=False, seconds=60):
        options = ["--interactive"] if interactive else ["--timeout", seconds]
        return start([TOOL, "run", *options, DESCRIPTIONS / f"{name}.toml"], seconds)

    return boot_description


@pytest.fixture
def board():
    """The QEMU command for `virt` with GICv3 and what `./bulkhead build FILE` wrote of a system,
    as a boot loader would place it. For what the tool itself has no key for, or refuses."""

    def board_command(name, cpu="cortex-a53", memory="256M", cpus=2):
        folder = OUT / "systems" / name
        subprocess.run(
            [TOOL, "build", DESCRIPTIONS / f"{name}.toml"], check=True, timeout=60, cwd=PROJECT
        )
        command = ["qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3"]
        command += ["-cpu", cpu, "-smp", str(cpus), "-m", memory, "-nic", "none", "-no-reboot"]
        command += ["-display", "none", "-monitor", "none", "-serial", "stdio"]
        command += ["-kernel", folder / "bulkhead", "-dtb", folder / "system.dtb"]
        for line in (folder / "addresses.txt").read_text().splitlines():
            file, address = line.split()[:2]
            if file.endswith(("-kernel", "-ramdisk")):
                loader = f"loader,file={folder / file},addr={address},force-raw=on"
                command += ["-device", loader]
        return command

    return board_command
