"""clang-tidy over one unit with all headers, and over the unit that instantiates the driver.

usage: tidy.py PROJECT_DIRECTORY
"""

import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

from tools import llvm_tool

# A judge that finds nothing here is no judge.
BAD = "inline int* vsnd_bad() { return 0; }\n"


def tidy(program, root, source, flags=()):
    """Exit code and findings for one unit."""
    command = [program, "--quiet", f"--config-file={root}/.clang-tidy", str(source), "--",
               "-std=c++20", f"-I{root}/include", *flags]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.returncode, done.stdout


def main():
    program, root = llvm_tool("clang-tidy"), pathlib.Path(sys.argv[1])
    include = root / "include"
    names = sorted(path.relative_to(include).as_posix() for path in include.rglob("*.hpp"))
    with tempfile.TemporaryDirectory() as work:
        everything = pathlib.Path(work) / "all_headers.cpp"
        # fmt may have been fetched, to a place that is unknown here.
        text = "".join(f"#include <{name}>\n" for name in names if name != "vsnd/fmt.hpp")
        text += "#if __has_include(<fmt/format.h>)\n#include <vsnd/fmt.hpp>\n#endif\n"
        everything.write_text(text, encoding="utf-8")
        bad = pathlib.Path(work) / "bad.cpp"
        bad.write_text(BAD, encoding="utf-8")
        whole = root / "tests" / "freestanding" / "whole.cpp"
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(tidy, program, root, bad),
                    pool.submit(tidy, program, root, everything),
                    pool.submit(tidy, program, root, whole, ["-ffreestanding", "-nostdinc++"])]
    (bad_code, said), *judged = [run.result() for run in runs]
    if not bad_code or "nullptr" not in said:
        print(f"the bad unit passes: {said}")
        return 1
    for code, said in judged:
        print(said, end="")
    print(f"{program}: {len(names)} headers")
    return 1 if any(code for code, said in judged) else 0


sys.exit(main())
