#pragma once
#include "memory_range.hpp"
#include "problem.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// A system description (a TOML file) as values: what the user wrote, and where, so that whatever
/// is found wrong later can still be said with file, line, key and value.
namespace bulkhead::tool {

/// A value with the place it was written at (or the section it was left out of, for a default).
template <class T>
struct Given {
    T value{};
    Origin origin{};
};

/// What the hypervisor runs on.
enum class MachineKind : std::uint8_t {
    zcu102, ///< AMD Zynq UltraScale+ ZCU102; QEMU's xlnx-zcu102
    virt,   ///< QEMU's virt
    board   ///< any other board: its device tree says what it has; `run` cannot emulate it
};

struct MachineDescription {
    Origin origin;                          ///< of the [machine] line
    std::optional<Given<MachineKind>> kind; ///< absent only in a description with problems
    std::optional<Given<std::uint32_t>> gic;
    std::optional<Given<std::uint32_t>> cpus;
    std::optional<Given<std::uint64_t>> memory;             ///< bytes
    std::optional<Given<std::string>> device_tree;          ///< instead of the machine's own
    std::optional<Given<std::uint64_t>> hypervisor_address; ///< where the boot loader puts it
    Given<std::string> bootargs;                            ///< the hypervisor's command line
    Given<bool> deterministic; ///< count instructions instead of time; QEMU's virt, one CPU
};

/// Something that a boot loader puts in memory for a domain.
struct ImageDescription {
    Given<std::string> source;                     ///< a path or a built-in name
    std::optional<Given<std::uint64_t>> address{}; ///< where to load it; chosen if absent
};

struct DomainDescription {
    Origin origin; ///< of the [[domain]] line
    Given<std::string> name;
    std::optional<ImageDescription> kernel; ///< absent only in a description with problems
    std::optional<ImageDescription> ramdisk;
    std::optional<ImageDescription> device_tree;
    std::optional<Given<std::vector<std::string>>> devices; ///< or, instead, nodes of the machine's
    std::optional<Given<std::string>> cmdline;
    Given<std::uint64_t> memory; ///< bytes
    Given<std::uint32_t> vcpus;
    std::optional<Given<std::vector<std::uint32_t>>> cpus;        ///< one per vCPU
    std::optional<Given<std::vector<std::string>>> hard_affinity; ///< one "0-1,3" per vCPU
    std::optional<Given<std::vector<std::string>>> soft_affinity;
    std::optional<Given<std::string>> pool;
    std::optional<Given<std::uint32_t>> weight; ///< credit, credit2
    std::optional<Given<std::uint32_t>> cap;
    std::optional<Given<std::vector<std::uint32_t>>> period_us; ///< rtds: for all vCPUs, or each
    std::optional<Given<std::vector<std::uint32_t>>> budget_us;
    std::optional<Given<bool>> extratime;
    Given<bool> vpl011;
    std::optional<Given<bool>> vpmu;
    std::optional<Given<std::uint32_t>> sve; ///< bits of a vector
    std::optional<Given<std::uint32_t>> nr_spis;
    std::optional<Given<std::string>> on_reset; ///< "restart", "stop" or "panic"
    std::optional<Given<std::string>> on_crash;
    std::optional<Given<std::uint32_t>> watchdog_ms;
    bool enhanced = false; ///< the guest is told of Xen's interface; implied by a channel
    std::optional<Given<std::vector<MemoryRange>>> static_memory; ///< its RAM, on the machine
    std::optional<Given<bool>> direct_map; ///< its addresses are the machine's
};

/// CPUs with a scheduler of their own.
struct PoolDescription {
    struct Window {
        Origin origin;                            ///< of the [[pool.window]] line
        std::optional<Given<std::string>> domain; ///< absent: nobody runs
        Given<std::uint32_t> vcpu;
        Given<std::uint32_t> run_us;
    };
    Origin origin; ///< of the [[pool]] line
    Given<std::string> name;
    std::optional<Given<std::string>> scheduler;
    Given<std::vector<std::uint32_t>> cpus;
    std::optional<Given<std::uint32_t>> major_frame_us;
    std::vector<Window> windows;
};

/// Memory that several domains have.
struct SharedMemoryDescription {
    Given<std::string> name;
    Given<std::uint64_t> size; ///< bytes
    std::optional<Given<std::uint64_t>> host_address;
    Given<std::vector<std::string>> domains;
    Given<std::vector<std::uint64_t>> addresses; ///< for each of them, in its address space
    std::optional<Given<std::string>> owner;
};

/// An event channel: a port of one domain that rings a port of another.
struct ChannelDescription {
    struct End {
        Given<std::string> domain;
        Given<std::uint32_t> port;
    };
    std::array<End, 2> ends;
};

/// The machine's kind, once a description is known to have one.
inline MachineKind kind_of(const MachineDescription& machine) { return machine.kind.value().value; }

struct SystemDescription {
    std::filesystem::path file; ///< as the user named it
    MachineDescription machine;
    std::vector<DomainDescription> domains;
    std::vector<PoolDescription> pools;
    std::vector<ChannelDescription> channels;
    std::vector<SharedMemoryDescription> shared_memory;

    /// What files made from this description are called.
    [[nodiscard]] std::string name() const { return file.stem().string(); }
};

/// What a command line says instead of the file.
struct MachineOverride {
    std::optional<MachineKind> kind{};
    std::optional<std::uint32_t> gic{};
};

/// Thrown by whoever is asked to work with a description that is wrong.
class WrongDescription : public std::exception {
public:
    WrongDescription(std::string file, const Problems& problems)
        : count_{problems.size()}, text_{problems.shown(file)}
    {
    }
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
    [[nodiscard]] std::size_t count() const { return count_; }

private:
    std::size_t count_;
    std::string text_;
};

} // namespace bulkhead::tool
