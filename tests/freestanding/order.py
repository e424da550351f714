"""Looks for the barriers that a processor needs between a ring and its device.

usage: order.py COMPILER SOURCE INCLUDE_DIRECTORY
"""

import pathlib
import re
import sys
import tempfile

from compiler import freestanding, require, run

# Target: what stands between what was written before and the index, between the index and the
# doorbell, and after arming.
BARRIERS = {
    "aarch64-none-elf": (r"dmb\s+osh$", r"dmb\s+oshst$", r"dmb\s+osh$"),
    "armv7a-none-eabi": (r"dmb\s+osh$", r"dmb\s+oshst$", r"dmb\s+osh$"),
    "riscv64-none-elf": (r"fence\s+iorw, ow$", r"fence\s+ow, ow$", r"fence(\s+iorw, iorw)?$"),
    "riscv32-none-elf": (r"fence\s+iorw, ow$", r"fence\s+ow, ow$", r"fence(\s+iorw, iorw)?$"),
}
STORE = r"(str|strh|sh|sw)\s"


def body(assembly, name):
    """The instructions of one function."""
    text = re.search(rf"^{name}:(.*?)(?=^\.L?func_end|^\s*\.size)", assembly, re.S | re.M).group(1)
    lines = [re.split(r"\s*[@#]\s|//", line)[0].strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith(".") and not line.endswith(":")]


def missing(assembly, barriers):
    published, rung, armed = barriers
    post = body(assembly, "post_and_ring")
    at = [i for i, line in enumerate(post) if re.search(published, line)]
    bell = [i for i, line in enumerate(post) if re.search(rung, line)]
    stores = [i for i, line in enumerate(post) if re.match(STORE, line)]
    if not at or not any(i < at[0] for i in stores):
        return "before the index is published"
    if not bell or not any(at[0] < i < bell[-1] for i in stores):
        return "between the index and the doorbell"
    if not any(i > bell[-1] for i in stores):
        return "before the doorbell: it was rung earlier"
    if not any(re.search(armed, line) for line in body(assembly, "look")):
        return "after arming"
    return ""


def judge(assembly, barriers):
    """What is missing; or that this test would not see that one is."""
    for barrier in barriers:
        without = re.sub(barrier, "nop", assembly, flags=re.M)
        if not missing(without, barriers):
            return "is missed by the test itself"
    return missing(assembly, barriers)


def main():
    compiler, source, include = sys.argv[1:]
    require(compiler)
    wrong = 0
    with tempfile.TemporaryDirectory() as work:
        for target, barriers in BARRIERS.items():
            output = pathlib.Path(work) / "order.s"
            code, said = run([*freestanding(compiler), f"--target={target}", f"-I{include}", "-O2",
                              "-S", source, "-o", str(output)])
            lacks = said if code else judge(output.read_text(encoding="utf-8"), barriers)
            print(f"{target}: " + (f"no barrier {lacks}" if lacks else "ordered"))
            wrong += bool(lacks)
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
