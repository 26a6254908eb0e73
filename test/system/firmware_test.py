"""A machine with two security states, whose firmware stays at EL3 and starts CPUs by spin tables."""

import subprocess

import pytest

from machine import DESCRIPTIONS, OUT, PROJECT, TOOL

RELEASE = 0x4FF0_0000  # in RAM that no description here uses

# What firmware that takes errors first reports of them (ESR_EL2, Arm ARM D17.2.37).
EL1, EL2 = 1, 2
SERROR = 0xBE00_0000
ASYNCHRONOUS = SERROR | 0x11
CORRECTED, UNCONTAINABLE = 6 << 10, 0 << 10


def assemble(source, symbols, into):
    """A flat program that runs from address 0."""
    defined = [f"-Wa,-defsym,{name}={value:#x}" for name, value in symbols.items()]
    compiled = into.with_suffix(".o")
    for command in (
        ["clang-19", "--target=aarch64-none-elf", "-c", *defined, source, "-o", compiled],
        ["llvm-objcopy-19", "-O", "binary", "--only-section=.text", compiled, into],
    ):
        subprocess.run(command, check=True)


def use_spin_tables(tree, cpus):
    def put(*arguments):
        subprocess.run(["fdtput", *arguments], check=True)

    put("-r", tree, "/psci")
    for cpu in range(cpus):
        put("-t", "s", tree, f"/cpus/cpu@{cpu}", "enable-method", "spin-table")
        address = f"{RELEASE + 8 * cpu:x}"
        put("-t", "x", tree, f"/cpus/cpu@{cpu}", "cpu-release-addr", "0", address)
    put("-c", tree, "/reserved-memory")
    for name in ("#address-cells", "#size-cells"):
        put("-t", "x", tree, "/reserved-memory", name, "2")
    put(tree, "/reserved-memory", "ranges")
    put("-c", tree, "/reserved-memory/spin-table")
    put("-t", "x", tree, "/reserved-memory/spin-table", "reg", "0", f"{RELEASE:x}", "0", "1000")


@pytest.fixture
def below_firmware(start, tmp_path):
    """Starts what a description says, with more symbols for the firmware's source."""

    def boot(name, cpus, memory, options="", edit=lambda tree: None, **symbols):
        subprocess.run([TOOL, "build", DESCRIPTIONS / f"{name}.toml"], check=True, cwd=PROJECT)
        folder = OUT / "systems" / name
        tree = tmp_path / "system.dtb"
        tree.write_bytes((folder / "system.dtb").read_bytes())
        use_spin_tables(tree, cpus)
        edit(tree)
        bootargs = f"console=dtuart sched=null {options}"
        subprocess.run(["fdtput", "-t", "s", tree, "/chosen", "xen,xen-bootargs", bootargs], check=True)

        places = dict(
            line.split()[:2] for line in (folder / "addresses.txt").read_text().splitlines()[1:]
        )
        symbols["KERNEL"] = int(places["bulkhead"], 16)
        symbols["DEVICE_TREE"] = int(places["system.dtb"], 16)
        symbols["RELEASE"] = RELEASE
        firmware = tmp_path / "firmware.bin"
        assemble(DESCRIPTIONS / "firmware" / "el3.S", symbols, firmware)

        command = ["qemu-system-aarch64", "-M", "virt,secure=on,virtualization=on,gic-version=3"]
        command += ["-cpu", "cortex-a53", "-smp", str(cpus), "-m", memory, "-nic", "none"]
        command += ["-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"]
        command += ["-bios", firmware]
        for file, address in places.items():
            content = tree if file == "system.dtb" else folder / file
            command += ["-device", f"loader,file={content},addr={address},force-raw=on"]
        return start(command, 90)

    return boot


def test_linux_boots_below_firmware_at_el3_with_cpus_from_spin_tables(below_firmware):
    machine = below_firmware("linux_and_hello", 3, "512M")
    machine.see("3 CPUs")
    machine.see_all([r"shell: Linux \S+, CPUs 0-1 online", "DOM2: hello: EL1"])


@pytest.mark.parametrize("syndrome", [SERROR, ASYNCHRONOUS | 3 << 10])
def test_an_error_of_the_hardware_ends_the_domain_that_ran_and_no_other(below_firmware, syndrome):
    machine = below_firmware(
        "two_hellos", 2, "256M", SYNDROME=syndrome, TARGET=1, FOUND_IN=EL1
    )
    machine.see(r"domain 2 \(second\) .*an SError interrupt: .*; vCPU 0, pc 0x4\w+")
    machine.command("ping", "pong")


def test_a_corrected_error_is_nobodys_end(below_firmware):
    machine = below_firmware(
        "two_hellos", 2, "256M", SYNDROME=ASYNCHRONOUS | CORRECTED, TARGET=0, FOUND_IN=EL1
    )
    machine.see("~")
    machine.command("ping", "pong")
    assert "SError" not in machine.text


@pytest.mark.parametrize(
    "options, syndrome, why",
    [
        ("serrors=panic", SERROR, "a guest took an SError"),
        ("", ASYNCHRONOUS | UNCONTAINABLE, "an uncontainable error of the hardware"),
    ],
)
def test_an_error_that_may_be_everybodys_stops_the_machine(
    below_firmware, options, syndrome, why
):
    machine = below_firmware(
        "two_hellos", 2, "256M", options, SYNDROME=syndrome, TARGET=1, FOUND_IN=EL1
    )
    machine.see(f"panic: {why} on CPU 1")
    machine.see("guest: second, pc")


def test_an_error_of_the_hypervisors_own_stops_the_machine(below_firmware):
    machine = below_firmware("two_hellos", 2, "256M", SYNDROME=SERROR, TARGET=0, FOUND_IN=EL2)
    machine.see("hello: command line")
    machine.type("off\r")  # a CPU that runs nothing waits in EL2
    machine.see("panic: SError in EL2 on CPU 0: esr 0xbe000000")
    machine.see("guest: none on this CPU")


def test_ram_that_only_the_tree_has_stops_the_machine_with_the_abort(below_firmware):
    def claim_more(tree):
        for node, name, *cells in (
            ("/memory@40000000", "reg", "0", "40000000", "0", "40000000"),
            ("/chosen/domU1", "memory", "0", "80000"),
        ):
            subprocess.run(["fdtput", "-t", "x", tree, node, name, *cells], check=True)

    machine = below_firmware("two_hellos", 2, "256M", edit=claim_more)
    # A synchronous external abort, by a store (ESR_EL2.EC 0x25, WnR, DFSC 0x10).
    machine.see("panic: synchronous exception in EL2 on CPU 0: esr 0x96000050")
