#include "busybox_initrd.hpp"

#include "cpio_archive.hpp"

namespace bulkhead::tool {
namespace {

constexpr std::string_view init_script = R"(#!/bin/busybox sh
# First process of a Linux guest. With the argument "poweroff" the guest ends here.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root TERM=vt100 PS1='\w \$ '
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev

cpus=$(cat /sys/devices/system/cpu/online)
memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p' /proc/meminfo) / 1024))
echo
echo "shell: $(uname -s) $(uname -r), CPUs $cpus online, $memory MiB of memory"
if [ "$1" != poweroff ]; then
    echo "shell: busybox; \"poweroff -f\" ends this guest"
    echo
    cd /root
    setsid cttyhack sh
fi
poweroff -f
)";

} // namespace

std::string busybox_initrd(std::string_view busybox)
{
    CpioArchive archive;
    for (const std::string_view folder : {"bin", "dev", "proc", "root", "sys", "tmp"})
        archive.add_folder(folder);
    // The kernel opens it for init before anything can be mounted on /dev.
    archive.add_character_device("dev/console", 5, 1);
    archive.add_file("bin/busybox", busybox, true);
    archive.add_link("bin/sh", "busybox");
    archive.add_file("init", init_script, true);
    return std::move(archive).finished();
}

} // namespace bulkhead::tool
