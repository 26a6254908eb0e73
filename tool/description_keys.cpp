#include "description_keys.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

const std::vector<KeyDescription> top_level{
    {"machine", "[machine]", "what the hypervisor runs on"},
    {"domain", "[[domain]]", "one guest; one such section for each"},
    {"pool", "[[pool]]", "CPUs with a scheduler of their own"},
    {"channel", "[[channel]]", "an event channel that two domains ring each other by"},
    {"shared_memory", "[[shared_memory]]", "memory that several domains have"},
};

const std::vector<KeyDescription> machine{
    {"name", R"("zcu102")",
     R"("zcu102", "virt" (QEMU's) or "board" (any other, with its device_tree))"},
    {"gic", "3", R"(interrupt controller of "virt": 2 or 3 (3 if left out); zcu102 has a GICv2)"},
    {"cpus", "4", R"(CPUs of "virt" (4 if left out); zcu102 has 4)"},
    {"memory", R"("2 GiB")", R"(RAM; 4 GiB on zcu102 and 2 GiB on virt if left out)"},
    {"device_tree", R"("board.dtb")",
     "the machine's device tree, instead of the one Bulkhead knows"},
    {"hypervisor_address", "0x200000",
     "where the boot loader puts the hypervisor (RAM + 2 MiB if left out)"},
    {"bootargs", R"("console=dtuart sched=null")",
     "the hypervisor's command line (this if left out)"},
    {"deterministic", "true",
     "emulate so that one instruction takes one nanosecond and every run is the same (virt has 1 "
     "CPU then if `cpus` is left out)"},
};

const std::vector<KeyDescription> domain{
    {"name", R"("linux")", "what messages and consoles call it"},
    {"kernel", R"("debian:linux")",
     R"(arm64 Image (or gzip of one): a path beside this file, "debian:linux" or "guest:NAME")"},
    {"ramdisk", R"("debian:busybox-initrd")",
     R"(a path beside this file or "debian:busybox-initrd")"},
    {"device_tree", R"("devices.dtb")",
     "partial device tree with the devices handed to the domain"},
    {"devices", R"(["/pl031@9010000"])",
     "nodes of the machine's tree handed to the domain, instead of a device_tree"},
    {"kernel_address", "0x10000000", "where the boot loader puts the kernel (chosen if left out)"},
    {"ramdisk_address", "0x12000000",
     "where the boot loader puts the ramdisk (chosen if left out)"},
    {"device_tree_address", "0x14000000",
     "where the boot loader puts the partial tree (chosen if left out)"},
    {"cmdline", R"("console=ttyAMA0")", "the kernel's command line"},
    {"memory", R"("256 MiB")", "RAM of the domain"},
    {"vcpus", "2", "virtual CPUs (as many as `cpus`, or 1, if left out)"},
    {"cpus", "[2, 3]", "the CPU of each virtual CPU; any free ones if left out"},
    {"pool", R"("avionics")", "the [[pool]] it runs in (the one of CPU 0 if left out)"},
    {"hard_affinity", R"(["0-1", "1"])", "instead of `cpus`: where each virtual CPU may run"},
    {"soft_affinity", R"(["0", "1"])",
     "where each would rather run, under a scheduler that shares"},
    {"weight", "512", "share of the CPUs under credit and credit2 (256 if left out)"},
    {"cap", "50", "at most these per cent of a CPU, under credit and credit2 (no cap if left out)"},
    {"period_us", "[10000, 5000]",
     "period under rtds, of all virtual CPUs or of each (10000 if left out)"},
    {"budget_us", "[4000, 1000]", "time in each period under rtds (4000 if left out)"},
    {"extratime", "false",
     "after its budget it goes on where nobody else wants to, under rtds (true if left out)"},
    {"vpl011", "true", "a console of its own, ttyAMA0 in Linux (true if left out)"},
    {"vpmu", "true", "the performance counters of its CPUs are the domain's (false if left out)"},
    {"sve", "256",
     "bits of the longest vectors that it may have, on CPUs with SVE (0 if left out)"},
    {"nr_spis", "32", "shared interrupts of the domain (as many as it needs if left out)"},
    {"on_reset", R"("restart")",
     R"(when the guest resets: "restart" it alone, "stop" it or "panic" ("restart" if left out))"},
    {"on_crash", R"("restart")", R"(when it crashes, the same ("stop" if left out))"},
    {"watchdog_ms", "5000", "it has crashed if it does not pet its watchdog this often"},
    {"enhanced", "true",
     "tell the guest that it has Xen's hypercalls and events (true with a channel, else false)"},
    {"static_memory", R"(["256 MiB at 0x50000000"])",
     "the machine's memory that is the domain's, `memory` in all (any that is free if left out)"},
    {"direct_map", "true",
     "the guest's addresses are the machine's: RAM (static_memory), GIC and vpl011 (false if left "
     "out)"},
};

const std::vector<KeyDescription> pool{
    {"name", R"("avionics")", "what domains call it"},
    {"scheduler", R"("arinc653")",
     R"("null", "credit", "credit2", "rtds" or "arinc653" (that of bootargs if left out))"},
    {"cpus", "[3]", "the CPUs, of no other pool; those in none are a pool as well"},
    {"major_frame_us", "10000",
     "arinc653: when its windows begin again (one after the other if left out)"},
    {"window", "[[pool.window]]", "arinc653: who runs, one such section after the other"},
};

const std::vector<KeyDescription> window{
    {"domain", R"("flight")", "whose it is (nobody's if left out)"},
    {"vcpu", "0", "which virtual CPU of it (0 if left out)"},
    {"run_us", "5000", "for how long"},
};

const std::vector<KeyDescription> channel{
    {"domain", R"("linux")", "the domain at one end"},
    {"port", "1", "its number of the channel there"},
    {"peer", R"("rtos")", "the domain at the other end"},
    {"peer_port", "1", "its number of the channel there"},
};

const std::vector<KeyDescription> shared_memory{
    {"name", R"("mail")", "what guests find it by: xen,id in their trees"},
    {"size", R"("64 KiB")", "whole pages of 4 KiB"},
    {"domains", R"(["linux", "rtos"])", "who has it"},
    {"addresses", "[0x60000000, 0x60000000]", "where, for each of them in its own addresses"},
    {"host_address", "0x50000000", "where on the machine (chosen by the hypervisor if left out)"},
    {"owner", R"("rtos")", "one of the domains, the others borrow it (nobody if left out)"},
};

std::string explained(std::string_view heading, std::span<const KeyDescription> keys)
{
    std::string text = fmt::format("{}\n", heading);
    for (const KeyDescription& key : keys)
        text += fmt::format("  {:<52}  # {}\n", fmt::format("{} = {}", key.name, key.example),
                            key.meaning);
    return text;
}

} // namespace

std::span<const KeyDescription> top_level_keys() { return top_level; }
std::span<const KeyDescription> machine_keys() { return machine; }
std::span<const KeyDescription> domain_keys() { return domain; }
std::span<const KeyDescription> channel_keys() { return channel; }

std::span<const KeyDescription> shared_memory_keys() { return shared_memory; }
std::span<const KeyDescription> pool_keys() { return pool; }
std::span<const KeyDescription> window_keys() { return window; }

std::vector<std::string> names_of(std::span<const KeyDescription> keys)
{
    std::vector<std::string> names;
    for (const KeyDescription& key : keys)
        names.push_back(key.name);
    return names;
}

std::string example_of(std::span<const KeyDescription> keys, const std::string& name)
{
    const auto key = std::ranges::find(keys, name, &KeyDescription::name);
    return key == keys.end() ? name : fmt::format("{} = {}", name, key->example);
}

std::string keys_explained()
{
    return explained("[machine]", machine) + "\n" + explained("[[domain]]", domain) + "\n" +
           explained("[[pool]]", pool) + "\n" + explained("[[pool.window]]", window) + "\n" +
           explained("[[channel]]", channel) + "\n" + explained("[[shared_memory]]", shared_memory);
}

} // namespace bulkhead::tool
