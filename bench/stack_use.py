"""EL2's worst stack use, from the linked program: python3 bench/stack_use.py out/bulkhead.elf

Every function's frame is followed along its branches in the disassembly, and the call graph from
where EL2 is entered. A call through a pointer may reach every function whose address is taken
anywhere. Recursion, or more than a stack holds, is an error. Not counted: what a panic prints after
it has left the stack that it was found on (it has one of its own).
"""

import re
import subprocess
import sys
from pathlib import Path

HYPERVISOR = Path(__file__).resolve().parents[1] / "hypervisor"
FUNCTION = re.compile(r"^([0-9a-f]+) <(.*)>:$")
INSTRUCTION = re.compile(r"^([0-9a-f]+):\s+(\S+)\s*(.*)$")
TARGET = re.compile(r"(0x[0-9a-f]+) <")
BRANCH = re.compile(r"(b|b\.\w+|bc\.\w+|cbn?z|tbn?z)$")
# What the pointers of a caller reach, where that is less than every function whose address is taken.
POINTERS = {
    r"start_console_input": r"trace::print|namespace\)::\$_\d+::__invoke\(\)|\(void\*, (bool|char)\)",
    r"ConsoleMux::deliver": r"\(void\*, (bool|char)\)",
    r"Vpl011::": r"\(void\*, bool\)",
    r"synchronous_from_guest|trap_system_register": r"read_hardware|\(void\*, (bool|char)\)",
    r"bulkhead_main": r"bulkhead::boot::",
    r"upcall::alarm": r"Callback<void \(\)>",
    r"QueueScheduler::settle": r"Scheduler::charge",
    r"QueueScheduler::available": r"Scheduler::(allowed|by_stealing)",
    r"QueueScheduler::": r"Scheduler::(admit|allowed|awake_changed|by_stealing|charge|joined|limit|otherwise"
    r"|placement_changed|spare|while_parked)",
    r"sched::Scheduler::released": r"Scheduler::wake",
    r"::set_state|sched_op|give_way": r"Scheduler::(wake|sleep|yield|released)",
    r"tell_run_state": r"Scheduler::run_times",
    r"reconsider": r"Scheduler::(pick|wake|released)|Callback<bool \(\)>",
}
# Recursion that ends by itself: the page pool maps what it grows by with tables of the image
# (TableSource::image), so that mapping does not ask the pool again.
ONCE_AROUND = re.compile(r"bulkhead::arm64::map_stage1\(")
# Addresses for VBAR_EL2, PSCI and the like, which nobody calls.
ENTERED = re.compile(r"(vectors\w*|primary_entry|secondary_\w+|image_start)$")
NO_RETURN = {"ret", "eret", "br"}


def number(text):
    return int(text.strip().lstrip("#"), 0)


def constant(file, pattern):
    return number(re.search(pattern, (HYPERVISOR / file).read_text())[1])


def stacks():
    """Where EL2 is entered, and how much stack there is."""
    own = constant("arm64/layout.hpp", r"stack_size = (\w+);")
    frame = constant("arm64/vectors.S", r"\.set FRAME, (\w+)")
    boot = constant("arm64/entry_constants.h", r"BOOT_STACK_SIZE (\w+)")
    panic = constant("arm64/vectors.S", r"\.skip\s+(\w+)\s+panic_stack_end:")
    return [
        ("vectors", own),
        ("vectors_gicv2", own),
        # What the tables share lies between the first one's vectors and ends its symbol early.
        ("interrupt_from_guest_v3", own - frame),
        ("bulkhead_secondary_main", own),
        ("bulkhead_main", boot),
        ("el2_exception", panic),
    ]


class Function:
    def __init__(self, address, name):
        self.address, self.name = address, name
        self.code = []  # (address, mnemonic, operands)
        self.calls = set()  # (depth here, target)
        self.deepest = 0


def change_of_sp(mnemonic, operands):
    """By how much an instruction moves SP down; None if it sets it anew."""
    if re.match(r"sp, sp, #", operands) and mnemonic in ("sub", "add"):
        words = operands.split(", ")
        amount = number(words[2]) << (12 if "lsl #12" in operands else 0)
        return amount if mnemonic == "sub" else -amount
    if written_back := re.search(r"\[sp, #(-?\w+)\]!$", operands):
        return -number(written_back[1])
    if after := re.search(r"\[sp\], #(-?\w+)$", operands):
        return -number(after[1])
    if re.match(r"sp\b", operands) and mnemonic in ("mov", "add", "sub", "and", "ldr"):
        return None
    return 0


def read_program(elf):
    text = subprocess.run(
        ["llvm-objdump-19", "-d", "--no-show-raw-insn", "-C", elf],
        check=True, capture_output=True, text=True,
    ).stdout
    functions = []
    for line in text.splitlines():
        if found := FUNCTION.match(line):
            functions.append(Function(int(found[1], 16), found[2]))
        elif functions and (found := INSTRUCTION.match(line)) and not found[2].startswith("."):
            functions[-1].code.append((int(found[1], 16), found[2], found[3]))
    return functions


def taken_addresses(elf, functions):
    """Functions that a pointer may reach: their address is data, or made by code."""
    starts = {function.address: function for function in functions}
    taken = set()
    dump = subprocess.run(
        ["llvm-objdump-19", "-s", "-j", ".rodata", "-j", ".data", elf],
        check=True, capture_output=True, text=True,
    ).stdout
    for line in dump.splitlines():
        words = line[1:].split("  ")[0].split()
        if len(words) < 2 or not re.fullmatch(r"[0-9a-f]+", words[0]):
            continue
        data = bytes.fromhex("".join(words[1:]))
        for at in range(0, len(data) - 7, 8):
            taken.add(int.from_bytes(data[at : at + 8], "little"))
    for function in functions:
        pages = {}
        for _, mnemonic, operands in function.code:
            if mnemonic in ("adr", "adrp") and (found := re.match(r"(x\d+), (0x[0-9a-f]+)", operands)):
                pages[found[1]] = int(found[2], 16)
                if mnemonic == "adr":
                    taken.add(pages[found[1]])
            elif mnemonic == "add" and (found := re.match(r"(x\d+), (x\d+), #(\w+)", operands)):
                if found[2] in pages:
                    taken.add(pages[found[2]] + number(found[3]))
    return {
        starts[address]
        for address in taken
        if address in starts and not ENTERED.match(starts[address].name)
    }


def analyse(function, by_address):
    """The deepest SP of one function, and how deep it is at each call."""
    index = {address: n for n, (address, _, _) in enumerate(function.code)}
    depth_at = {}
    # A vector table is 16 ways in, 128 bytes apart.
    step = 128 if function.name.startswith("vectors") else function.code[-1][0] + 4
    waiting = [(n, 0) for n, code in enumerate(function.code) if (code[0] - function.address) % step == 0]
    jump_tables = []
    while True:
        while waiting:
            n, depth = waiting.pop()
            if n >= len(function.code) or depth_at.get(n, -1) >= depth:
                continue
            depth_at[n] = depth
            _, mnemonic, operands = function.code[n]
            change = change_of_sp(mnemonic, operands)
            after = 0 if change is None else depth + change
            function.deepest = max(function.deepest, after)
            target = TARGET.search(operands)
            where = int(target[1], 16) if target else None
            if mnemonic == "bl":
                function.calls.add((depth, by_address[where]))
            elif mnemonic == "blr":
                function.calls.add((depth, "pointer"))
            elif mnemonic == "br" and function.name == "switch_on_mmu":
                pass  # goes on in entry.S at the link address, where SP is set anew
            elif mnemonic == "br":
                made_here = any(
                    code[1] == "add" and code[2].startswith(operands + ",")
                    for code in function.code[max(0, n - 4) : n]
                )
                if made_here:
                    jump_tables.append(depth)
                else:
                    function.calls.add((depth, "pointer"))
            elif BRANCH.match(mnemonic):
                if where in index:
                    waiting.append((index[where], after))
                else:
                    function.calls.add((depth, by_address[where]))
            if mnemonic in ("ret", "eret") and after != 0:
                raise SystemExit(f"{function.name} returns with SP {after} bytes lower")
            if mnemonic not in NO_RETURN and mnemonic != "b":
                waiting.append((n + 1, after))
        # What nothing else reaches is reached through a table.
        rest = [n for n in range(len(function.code)) if n not in depth_at]
        if not rest or not jump_tables:
            return
        waiting = [(rest[0], max(jump_tables))]


def give_pointers_to_callers(functions):
    """What the linker outlined, and outlined again from that, calls its callers' pointers."""
    changed = True
    while changed:
        changed = False
        for function in functions:
            outlined = [c for c in function.calls if c[1] != "pointer" and c[1].name.startswith("OUTLINED")]
            for depth, callee in outlined:
                own = {(depth + d, c) for d, c in callee.calls if c == "pointer"}
                changed = changed or not own <= function.calls
                function.calls |= own
    for function in functions:
        if function.name.startswith("OUTLINED"):
            function.calls = {c for c in function.calls if c[1] != "pointer"}


def reached(caller, pointed_at):
    for name, callees in POINTERS.items():
        if re.search(name, caller.name):
            found = [function for function in pointed_at if re.search(callees, function.name)]
            if not found:
                raise SystemExit(f"POINTERS: {caller.name} calls a pointer, but nothing is like {callees}")
            return found
    return pointed_at


def worst(function, pointed_at, known, way):
    """Bytes below `function`'s entry, and the calls that need them."""
    if function in known:
        return known[function]
    if function in way:
        if ONCE_AROUND.match(function.name):
            return (function.deepest, [])
        names = [f.name for f in way[way.index(function) :]] + [function.name]
        raise SystemExit("recursion: " + " -> ".join(names))
    result = (function.deepest, [])
    for depth, callee in sorted(function.calls, key=str):
        for target in reached(function, pointed_at) if callee == "pointer" else [callee]:
            bytes_below, chain = worst(target, pointed_at, known, [*way, function])
            if depth + bytes_below > result[0]:
                result = (depth + bytes_below, [target, *chain])
    known[function] = result
    return result


def main(elf):
    functions = read_program(elf)
    by_address = {}
    for function in functions:
        for address, _, _ in function.code:
            by_address[address] = function
    for function in functions:
        analyse(function, by_address)
    give_pointers_to_callers(functions)
    pointed_at = taken_addresses(elf, functions)
    known = {}
    failed = False
    for name, room in stacks():
        root = next(function for function in functions if function.name == name)
        used, chain = worst(root, pointed_at, known, [])
        failed = failed or used > room
        print(f"stack: {name}: at most {used} of {room} bytes{'' if used <= room else ': TOO MUCH'}")
        print("  " + " -> ".join(f.name.split("(")[0] for f in chain))
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1])
