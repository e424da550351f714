"""Compiles a unit as a kernel would, and looks at what it needs and how large it is.

usage: whole.py COMPILER TARGET SOURCE INCLUDE_DIRECTORY
"""

import pathlib
import sys
import tempfile

from compiler import freestanding, require, run

KERNEL_X86_64 = ["-mgeneral-regs-only", "-mcmodel=kernel", "-mno-red-zone"]
FLAGS = {
    ("g++", "x86_64"): ["-m64", *KERNEL_X86_64],
    ("g++", "i586"): ["-m32", "-march=i586", "-mgeneral-regs-only"],
    ("clang++", "x86_64"): ["--target=x86_64-elf", *KERNEL_X86_64],
    ("clang++", "i586"): ["--target=i586-elf", "-mgeneral-regs-only"],
    # As Linux does: the plain names of memcpy and its like, not the __aeabi_ ones.
    ("clang++", "armv7"): ["--target=armv7a-none-eabi", "-mfloat-abi=soft", "-meabi", "gnu"],
    ("clang++", "riscv32"): ["--target=riscv32-unknown-elf", "-march=rv32imac", "-mabi=ilp32"],
    # Outline atomics: each read-modify-write is a call into the compiler's runtime.
    ("clang++", "aarch64"): ["--target=aarch64-none-elf", "-mgeneral-regs-only",
                             "-moutline-atomics"],
}
LEVELS = ["-O0", "-O2", "-Os"]
ALLOWED = {"memcpy", "memset", "memmove", "memcmp"}


def undefined_in(listing):
    """Names that `nm` shows as undefined, weak ones too."""
    for line in listing.splitlines():
        *_, kind, name = ["", *line.split()]
        if kind in ("U", "w", "v"):
            yield name


def judge(unit):
    """What is wrong with an object file."""
    code, listing = run(["nm", str(unit)])
    if code or not listing.strip():
        yield f"nm finds nothing: {listing}"
    needed = set(undefined_in(listing)) - ALLOWED
    if needed:
        yield "needs " + ", ".join(sorted(needed))
    if "_GLOBAL__sub_I" in listing:
        yield "runs code before main: not all of its objects are constant-initialised"


def text_bytes(unit):
    said = run(["size", str(unit)])[1].splitlines()
    return said[1].split()[0] if len(said) > 1 else "?"


def check(compiler, target, source, include):
    """Lines to show, and lines that say what is wrong."""
    shown, wrong = [], []
    command = [*freestanding(compiler), "-nostdlib", "-fno-pic", "-fno-stack-protector",
               *FLAGS[compiler, target], f"-I{include}"]
    with tempfile.TemporaryDirectory() as work:
        for level in LEVELS:
            unit = pathlib.Path(work) / "whole.o"
            code, said = run([*command, level, "-c", source, "-o", str(unit)])
            faults = [said] if code else list(judge(unit))
            wrong += [f"{compiler} {target} {level}: {fault}" for fault in faults]
            if not code:
                shown.append(f"{compiler} {target} {level}: {text_bytes(unit)} bytes of text")
    return shown, wrong


def main():
    compiler, target, source, include = sys.argv[1:]
    require(compiler)
    shown, wrong = check(compiler, target, source, include)
    print("\n".join(shown + wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
