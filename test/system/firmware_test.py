"""A machine with two security states, whose firmware stays at EL3 and starts CPUs by spin tables."""

import subprocess

from machine import DESCRIPTIONS, OUT, PROJECT, TOOL

CPUS = 3
RELEASE = 0x5FF0_0000  # in RAM that no description here uses


def assemble(source, symbols, into):
    """A flat program that runs from address 0."""
    defined = [f"-Wa,-defsym,{name}={value:#x}" for name, value in symbols.items()]
    compiled = into.with_suffix(".o")
    for command in (
        ["clang-19", "--target=aarch64-none-elf", "-c", *defined, source, "-o", compiled],
        ["llvm-objcopy-19", "-O", "binary", "--only-section=.text", compiled, into],
    ):
        subprocess.run(command, check=True)


def use_spin_tables(tree):
    def put(*arguments):
        subprocess.run(["fdtput", *arguments], check=True)

    put("-r", tree, "/psci")
    for cpu in range(CPUS):
        put("-t", "s", tree, f"/cpus/cpu@{cpu}", "enable-method", "spin-table")
        address = f"{RELEASE + 8 * cpu:x}"
        put("-t", "x", tree, f"/cpus/cpu@{cpu}", "cpu-release-addr", "0", address)
    put("-c", tree, "/reserved-memory")
    for name in ("#address-cells", "#size-cells"):
        put("-t", "x", tree, "/reserved-memory", name, "2")
    put(tree, "/reserved-memory", "ranges")
    put("-c", tree, "/reserved-memory/spin-table")
    put("-t", "x", tree, "/reserved-memory/spin-table", "reg", "0", f"{RELEASE:x}", "0", "1000")


def test_linux_boots_below_firmware_at_el3_with_cpus_from_spin_tables(start, tmp_path):
    subprocess.run(
        [TOOL, "build", DESCRIPTIONS / "linux_and_hello.toml"], check=True, cwd=PROJECT
    )
    folder = OUT / "systems" / "linux_and_hello"
    tree = tmp_path / "system.dtb"
    tree.write_bytes((folder / "system.dtb").read_bytes())
    use_spin_tables(tree)

    places = dict(
        line.split()[:2] for line in (folder / "addresses.txt").read_text().splitlines()[1:]
    )
    symbols = {
        "KERNEL": int(places["bulkhead"], 16),
        "DEVICE_TREE": int(places["system.dtb"], 16),
        "RELEASE": RELEASE,
    }
    firmware = tmp_path / "firmware.bin"
    assemble(DESCRIPTIONS / "firmware" / "el3.S", symbols, firmware)

    command = ["qemu-system-aarch64", "-M", "virt,secure=on,virtualization=on,gic-version=3"]
    command += ["-cpu", "cortex-a53", "-smp", str(CPUS), "-m", "512M", "-nic", "none"]
    command += ["-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"]
    command += ["-bios", firmware]
    for file, address in places.items():
        content = tree if file == "system.dtb" else folder / file
        command += ["-device", f"loader,file={content},addr={address},force-raw=on"]
    machine = start(command, 90)
    machine.see("3 CPUs")
    machine.see_all([r"shell: Linux \S+, CPUs 0-1 online", "DOM2: hello: EL1"])
