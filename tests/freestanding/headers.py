"""Compiles every header alone, in two translation units that are then linked together.

Outside model/ that happens without any standard library, after a kernel's macros.
usage: headers.py COMPILER INCLUDE_DIRECTORY
"""

import concurrent.futures
import pathlib
import sys
import tempfile

from compiler import LANGUAGE, WARNINGS, freestanding, require, run

MACROS = pathlib.Path(__file__).with_name("kernel_macros.hpp")


class Checker:
    def __init__(self, compiler, root, work):
        self.compiler = compiler
        self.root = pathlib.Path(root)
        self.work = pathlib.Path(work)
        self.bare = [*freestanding(compiler), "-include", str(MACROS)]
        self.hosted = [compiler, *LANGUAGE[:1], *WARNINGS] # the model may throw and use RTTI

    def names(self):
        paths = sorted((self.root / "vsnd").rglob("*.hpp"))
        return [path.relative_to(self.root).as_posix() for path in paths]

    def compile(self, names, source, flags):
        source.write_text("".join(f"#include <{name}>\n" for name in names), encoding="utf-8")
        output = source.with_suffix(".o")
        code, said = run([*flags, f"-I{self.root}", "-c", str(source), "-o", str(output)])
        return output, said if code else ""

    def check(self, names, title):
        """What is wrong with these headers in one unit, twice; empty if nothing."""
        hosted = any(name.startswith("vsnd/model/") for name in names)
        flags = self.hosted if hosted else self.bare
        stem = title.replace("/", "_")
        first, said = self.compile(names, self.work / f"{stem}.first.cpp", flags)
        if said:
            return f"{title}: {said}"
        second, said = self.compile(names, self.work / f"{stem}.second.cpp", flags)
        if said:
            return f"{title}: {said}"
        joined = self.work / f"{stem}.joined.o"
        link = [self.compiler, "-nostdlib", "-r", str(first), str(second), "-o", str(joined)]
        code, said = run(link)
        return f"{title}, linked twice: {said}" if code else ""


def check_all(compiler, root):
    with tempfile.TemporaryDirectory() as work:
        checker = Checker(compiler, root, work)
        names = checker.names()
        bare = [name for name in names if not name.startswith("vsnd/model/")]
        jobs = [([name], name) for name in names] + [(bare, "all outside model"), (names, "all")]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            said = pool.map(lambda job: checker.check(*job), jobs)
            return len(names), [line for line in said if line]


def main():
    compiler, root = sys.argv[1:]
    require(compiler)
    count, wrong = check_all(compiler, root)
    print("\n".join(wrong) if wrong else f"{compiler}: {count} headers compile alone")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
