"""Shows that headers.py and whole.py refuse what they must refuse.

usage: selfcheck.py COMPILER
"""

import pathlib
import sys
import tempfile

import headers
import whole
from compiler import require

# A header, and a part of what the compiler or linker must say about it.
BAD_HEADERS = [
    ("#pragma once\n#include <vector>\n", "vector"),
    ("#pragma once\n#include <string.h>\n", "string.h"),
    ("#pragma once\nstruct s { int status; };\n", "kernel_macro_status"),
    ("#pragma once\ninline int f(int min) { return min; }\n", "kernel_macro_min"),
    ("#pragma once\ninline int f(long long a) { int b = a; return b; }\n", "onversion"),
    ("#pragma once\nint f() { return 1; }\n", "multiple definition"),
    ("#pragma once\nusing u = unknown_type;\n", "unknown_type"),
]
GOOD_HEADER = "#pragma once\n#include <stdint.h>\n#include <stddef.h>\ninline int f() { return 1; }\n"

# A unit, the targets it must fail on, and a part of the reason.
BAD_UNITS = [
    ("long long f(long long a, long long b) { return a / b; }\n", ["i586"], "div"),
    ("extern int* p; int* f() { return p ? p : new int; }\n", ["x86_64"], "_Znwm"),
    ("void g(); void f() { static bool b = (g(), true); if (b) g(); }\n", ["x86_64"], "_Z1gv"),
    ("int g(int a) { return a; }\nint x = g(4); int volatile y = 2; int z = y;\n", ["x86_64"],
     "before main"),
    ("double f(double a) { return a * 2; }\n", ["x86_64"], "x86_64"),
    ("int f(int* a) { return __atomic_fetch_add(a, 1, 5); }\n", ["aarch64"], "__aarch64_"),
    ("long long f(long long* a) { return __atomic_load_n(a, 5); }\n", ["riscv32"], "__atomic"),
]
GOOD_UNIT = "struct s { char a[4000]; };\nvoid f(s* a, s* b) { *a = *b; }\n"


def complaints_about_header(compiler, text):
    with tempfile.TemporaryDirectory() as root:
        folder = pathlib.Path(root) / "vsnd"
        folder.mkdir()
        (folder / "bad.hpp").write_text(text, encoding="utf-8")
        return "\n".join(headers.check_all(compiler, root)[1])


def complaints_about_unit(compiler, target, text):
    with tempfile.TemporaryDirectory() as root:
        source = pathlib.Path(root) / "unit.cpp"
        source.write_text(text, encoding="utf-8")
        return "\n".join(whole.check(compiler, target, str(source), root)[1])


def main():
    compiler = sys.argv[1]
    require(compiler)
    failures = []
    said = complaints_about_header(compiler, GOOD_HEADER)
    if said:
        failures.append(f"a good header is refused: {said}")
    for text, expected in BAD_HEADERS:
        said = complaints_about_header(compiler, text)
        if expected not in said:
            failures.append(f"{text!r}: expected '{expected}', got '{said}'")
    for known, target in whole.FLAGS:
        if known != compiler:
            continue
        said = complaints_about_unit(compiler, target, GOOD_UNIT)
        if said:
            failures.append(f"a good unit is refused for {target}: {said}")
        for text, targets, expected in BAD_UNITS:
            said = complaints_about_unit(compiler, target, text) if target in targets else expected
            if expected not in said:
                failures.append(f"{target} {text!r}: expected '{expected}', got '{said}'")
    print("\n".join(failures) or f"{compiler}: all bad headers and units refused")
    return 1 if failures else 0


sys.exit(main())
