"""Compiles every header alone, and links these units with one more that has them all.

Outside model/ that happens without any standard
library, after a kernel's macros. fmt.hpp is hosted, too, and left out where there is no fmt.
usage: headers.py COMPILER INCLUDE_DIRECTORY
"""

import concurrent.futures
import pathlib
import sys
import tempfile

from compiler import LANGUAGE, WARNINGS, freestanding, require, run

FORMATTERS = "vsnd/fmt.hpp"
MACROS = pathlib.Path(__file__).with_name("kernel_macros.hpp")


class Checker:
    def __init__(self, compiler, root, work):
        self.compiler = compiler
        self.root = pathlib.Path(root)
        self.work = pathlib.Path(work)
        self.bare = [*freestanding(compiler), "-include", str(MACROS)]
        self.hosted = [compiler, *LANGUAGE[:1], *WARNINGS] # the model may throw and use RTTI

    def has_fmt(self):
        source = self.work / "has_fmt.cpp"
        source.write_text("#include <fmt/format.h>\n", encoding="utf-8")
        return run([*self.hosted, "-fsyntax-only", str(source)])[0] == 0

    def names(self):
        paths = sorted((self.root / "vsnd").rglob("*.hpp"))
        names = [path.relative_to(self.root).as_posix() for path in paths]
        if FORMATTERS in names and not self.has_fmt():
            print(f"fmt is not installed: {FORMATTERS} is left out")
            names.remove(FORMATTERS)
        return names

    def compile(self, names, title, flags):
        """The object file of a unit with these headers, and what is wrong with it."""
        source = self.work / (title.replace("/", "_") + ".cpp")
        source.write_text("".join(f"#include <{name}>\n" for name in names), encoding="utf-8")
        output = source.with_suffix(".o")
        code, said = run([*flags, f"-I{self.root}", "-c", str(source), "-o", str(output)])
        return output, f"{title}: {said}" if code else ""

    def check(self, names, flags, kind, pool):
        """What is wrong with the headers, each alone and linked with a unit that has all others."""
        units = list(pool.map(lambda names: self.compile(names, names[0], flags),
                              [[name] for name in names]))
        units.append(self.compile(names, f"all {kind}", flags))
        wrong = [said for _, said in units if said]
        if wrong:
            return wrong
        # One link for all: a definition that may not be repeated is in a header's own unit and in
        # the one with all headers, if in no other.
        joined = self.work / f"joined_{kind}.o"
        code, said = run([self.compiler, "-nostdlib", "-r", *(str(unit) for unit, _ in units),
                          "-o", str(joined)])
        return [f"linked together: {said}"] if code else []


def check_all(compiler, root):
    """How many headers there are, and what is wrong with them."""
    with tempfile.TemporaryDirectory() as work, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        checker = Checker(compiler, root, work)
        names = checker.names()
        bare = [name for name in names
                if not name.startswith("vsnd/model/") and name != FORMATTERS]
        model = [name for name in names if name not in bare]
        wrong = checker.check(bare, checker.bare, "freestanding", pool)
        if model:
            wrong += checker.check(model, checker.hosted, "hosted", pool)
            wrong += [said for said in [checker.compile(names, "all", checker.hosted)[1]] if said]
        return len(names), wrong


def main():
    compiler, root = sys.argv[1:]
    require(compiler)
    count, wrong = check_all(compiler, root)
    print("\n".join(wrong) if wrong else f"{compiler}: {count} headers compile alone")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
