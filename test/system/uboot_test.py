"""What `./bulkhead build FILE` writes, as a board's own U-Boot boots it from a disk."""

import struct
import subprocess

from machine import DESCRIPTIONS, OUT, PROJECT, TOOL

UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
SECTOR = 512
FIRST_SECTOR = 2048
SECTORS = 80 * 2048  # 80 MiB


def boot_disk(folder, image):
    """A disk with one bootable FAT partition that holds the folder's files."""
    entry = struct.pack("<B3xB3xII", 0x80, 0x0C, FIRST_SECTOR, SECTORS - FIRST_SECTOR)
    with image.open("wb") as disk:
        disk.truncate(SECTORS * SECTOR)
        disk.seek(446)
        disk.write(entry)
        disk.seek(510)
        disk.write(b"\x55\xaa")
    offset = FIRST_SECTOR * SECTOR
    kibibytes = (SECTORS - FIRST_SECTOR) // 2
    for command in (
        ["/usr/sbin/mkfs.vfat", "-F", "32", "--offset", str(FIRST_SECTOR), image, str(kibibytes)],
        ["mcopy", "-i", f"{image}@@{offset}", *folder.iterdir(), "::"],
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def test_uboot_boots_linux_and_a_bare_metal_guest_with_the_script(start, tmp_path):
    subprocess.run(
        [TOOL, "build", DESCRIPTIONS / "linux_and_hello.toml"], check=True, cwd=PROJECT
    )
    disk = tmp_path / "disk.img"
    boot_disk(OUT / "systems" / "linux_and_hello", disk)
    command = ["qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3"]
    command += ["-cpu", "cortex-a53", "-smp", "3", "-m", "512M", "-nic", "none", "-no-reboot"]
    command += ["-display", "none", "-monitor", "none", "-serial", "stdio", "-bios", UBOOT]
    command += ["-drive", f"if=none,file={disk},format=raw,id=disk"]
    command += ["-device", "virtio-blk-device,drive=disk"]
    machine = start(command, 90)
    machine.see("Executing script")
    machine.see_all([r"shell: Linux \S+, CPUs 0-1 online", "DOM2: hello: EL1"])
