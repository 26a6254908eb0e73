// A plugin for QEMU: what EL2 does from an exception to its return, exactly. Every instruction in a
// range of addresses is EL2's; an ERET there ends a visit. Visits of one CPU that took the same way
// are counted together. The guest is not instrumented, so it runs as fast as ever.
//
// Arguments: low=, high= (the range), device=LOW-HIGH (accesses there are no cache lines),
// out=FILE. What comes before a CPU's first ERET is its boot and is left out.
//
// The file is written when EL2 calls the firmware after that, which is to switch the machine off:
// QEMU 7.2 with -icount does not come back from its own end while a plugin is loaded.
//
// The file, most frequent first, and for each kind of visit the way it took:
//   visit cpu=0 entry=0x400000001480 times=210 instructions=41 code_lines=9 data_lines=6 device=0
//   path 0x400000001480 0x400000001484 ...
//   data 0x410000007f00 ...
//   total cpu=0 visits=230 instructions=9000

#include "qemu_plugin.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::uint64_t line_size = 64;
constexpr std::uint32_t eret = 0xd69f'03e0;
constexpr std::uint32_t smc_0 = 0xd400'0003;
constexpr std::size_t longest_path = 100'000; // what is longer is only counted
constexpr unsigned most_cpus = 64;

struct Range {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    [[nodiscard]] bool contains(std::uint64_t address) const
    {
        return address >= low && address < high;
    }
};

struct Instruction {
    std::uint64_t address;
    bool ends_visit;
    bool calls_firmware;
};

struct Visit {
    std::vector<std::uint64_t> path;
    std::vector<std::uint64_t> lines; // of data
    std::uint64_t instructions = 0;
    std::uint64_t device_accesses = 0;
};

struct Kind {
    std::uint64_t times = 0;
    Visit visit; // lines: of all visits of this kind
};

struct Cpu {
    bool has_booted = false;
    Visit visit;
    std::map<std::vector<std::uint64_t>, Kind> kinds;
    std::uint64_t visits = 0;
    std::uint64_t instructions = 0;
};

Range el2;
Range device;
std::string out;
std::deque<Instruction> instructions; // as long as QEMU keeps translations: for ever
Cpu cpus[most_cpus];

void keep_distinct(std::vector<std::uint64_t>& values)
{
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

void end_visit(Cpu& cpu)
{
    if (cpu.has_booted) {
        ++cpu.visits;
        cpu.instructions += cpu.visit.instructions;
        Kind& kind = cpu.kinds[cpu.visit.path];
        if (kind.times++ == 0) {
            kind.visit = cpu.visit;
        } else {
            kind.visit.lines.insert(kind.visit.lines.end(), cpu.visit.lines.begin(),
                                    cpu.visit.lines.end());
        }
        keep_distinct(kind.visit.lines);
    }
    cpu.has_booted = true;
    cpu.visit = {};
}

void write_values(std::FILE* file, const char* name, const std::vector<std::uint64_t>& values)
{
    std::fprintf(file, "%s", name);
    for (const std::uint64_t value : values)
        std::fprintf(file, " 0x%llx", static_cast<unsigned long long>(value));
    std::fprintf(file, "\n");
}

std::size_t code_lines(const std::vector<std::uint64_t>& path)
{
    std::vector<std::uint64_t> lines;
    for (const std::uint64_t address : path)
        lines.push_back(address & ~(line_size - 1));
    keep_distinct(lines);
    return lines.size();
}

void write_cpu(std::FILE* file, unsigned index)
{
    std::vector<const Kind*> kinds;
    for (const auto& [path, kind] : cpus[index].kinds)
        kinds.push_back(&kind);
    std::sort(kinds.begin(), kinds.end(), [](const Kind* a, const Kind* b) {
        return a->times != b->times ? a->times > b->times : a->visit.path < b->visit.path;
    });
    for (const Kind* kind : kinds) {
        const Visit& visit = kind->visit;
        std::fprintf(file,
                     "visit cpu=%u entry=0x%llx times=%llu instructions=%llu code_lines=%zu "
                     "data_lines=%zu device=%llu\n",
                     index, static_cast<unsigned long long>(visit.path.front()),
                     static_cast<unsigned long long>(kind->times),
                     static_cast<unsigned long long>(visit.instructions), code_lines(visit.path),
                     visit.lines.size(), static_cast<unsigned long long>(visit.device_accesses));
        write_values(file, "path", visit.path);
        write_values(file, "data", visit.lines);
    }
    std::fprintf(file, "total cpu=%u visits=%llu instructions=%llu\n", index,
                 static_cast<unsigned long long>(cpus[index].visits),
                 static_cast<unsigned long long>(cpus[index].instructions));
}

/// Under its name at once and whole, as somebody waits for it.
void write_report()
{
    const auto has_visits = [](const Cpu& cpu) { return cpu.visits != 0; };
    if (!std::any_of(std::begin(cpus), std::end(cpus), has_visits)) return; // CPU_ON, in the boot
    const std::string unfinished = out + ".part";
    std::FILE* const file = std::fopen(unfinished.c_str(), "w");
    if (file == nullptr) return;
    for (unsigned index = 0; index < most_cpus; ++index)
        if (cpus[index].has_booted) write_cpu(file, index);
    std::fclose(file);
    std::rename(unfinished.c_str(), out.c_str());
}

void on_instruction(unsigned index, void* data)
{
    const auto& instruction = *static_cast<const Instruction*>(data);
    Cpu& cpu = cpus[index];
    ++cpu.visit.instructions;
    if (cpu.has_booted && cpu.visit.path.size() < longest_path)
        cpu.visit.path.push_back(instruction.address);
    if (instruction.ends_visit) end_visit(cpu);
    if (instruction.calls_firmware) write_report();
}

void on_access(unsigned index, qemu_plugin_meminfo_t, std::uint64_t address, void*)
{
    Cpu& cpu = cpus[index];
    if (!cpu.has_booted) return;
    if (device.contains(address))
        ++cpu.visit.device_accesses;
    else if (cpu.visit.lines.size() < longest_path)
        cpu.visit.lines.push_back(address & ~(line_size - 1));
}

void on_translation(qemu_plugin_id_t, qemu_plugin_tb* block)
{
    for (std::size_t n = 0; n < qemu_plugin_tb_n_insns(block); ++n) {
        qemu_plugin_insn* const instruction = qemu_plugin_tb_get_insn(block, n);
        const std::uint64_t address = qemu_plugin_insn_vaddr(instruction);
        if (!el2.contains(address)) continue;
        std::uint32_t word = 0;
        std::memcpy(&word, qemu_plugin_insn_data(instruction), sizeof(word));
        instructions.push_back({address, word == eret, word == smc_0});
        // Data first: after an ERET the visit is over.
        qemu_plugin_register_vcpu_mem_cb(instruction, on_access, QEMU_PLUGIN_CB_NO_REGS,
                                         QEMU_PLUGIN_MEM_RW, nullptr);
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_instruction, QEMU_PLUGIN_CB_NO_REGS,
                                               &instructions.back());
    }
}

/// 0x...; true if all of the text is a number.
bool read_number(std::string_view text, std::uint64_t& value)
{
    if (text.starts_with("0x")) text.remove_prefix(2);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return error == std::errc{} && end == text.data() + text.size();
}

bool read_argument(std::string_view argument)
{
    const std::size_t equals = argument.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = argument.substr(0, equals);
    const std::string_view value = argument.substr(equals + 1);
    if (name == "low") return read_number(value, el2.low);
    if (name == "high") return read_number(value, el2.high);
    if (name == "device") {
        const std::size_t dash = value.find('-');
        return dash != std::string_view::npos && read_number(value.substr(0, dash), device.low) &&
               read_number(value.substr(dash + 1), device.high);
    }
    out = value;
    return name == "out";
}

} // namespace

extern "C" {

[[gnu::visibility("default")]] int qemu_plugin_version = 1;

[[gnu::visibility("default")]] int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t*,
                                                       int count, char** arguments)
{
    for (int n = 0; n < count; ++n)
        if (!read_argument(arguments[n])) {
            std::fprintf(stderr, "el2_trace: wrong argument: %s\n", arguments[n]);
            return 1;
        }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}
}
