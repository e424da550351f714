"""Builds a foreign project against the library and runs what it makes.

usage: consume.py PROJECT_DIRECTORY hosted|freestanding package|subdirectory
"""

import pathlib
import subprocess
import sys
import tempfile


def cmake(*arguments):
    print("cmake", *arguments, flush=True)
    subprocess.run(["cmake", *map(str, arguments)], check=True)


def install(root, work):
    """Installs with nothing but the library asked for, and says where."""
    prefix = work / "prefix"
    cmake("-S", root, "-B", work / "library", f"-DCMAKE_INSTALL_PREFIX={prefix}")
    cmake("--build", work / "library")
    cmake("--install", work / "library")
    return prefix


def lacking_headers(root, prefix):
    there = {path.relative_to(root / "include") for path in (root / "include").rglob("*.hpp")}
    return there - {path.relative_to(prefix / "include") for path in prefix.rglob("*.hpp")}


def main():
    root, kind, way = pathlib.Path(sys.argv[1]).resolve(), *sys.argv[2:]
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        if way == "package":
            prefix = install(root, work)
            if lacking_headers(root, prefix):
                print("not installed:", *lacking_headers(root, prefix))
                return 1
            where = f"-DCMAKE_PREFIX_PATH={prefix}"
        else:
            where = f"-DVSND_SOURCE={root}"
        source = pathlib.Path(__file__).resolve().parent / kind
        cmake("-S", source, "-B", work / "foreign", where, "-DCMAKE_CXX_COMPILER=g++")
        cmake("--build", work / "foreign")
        program = work / "foreign" / "foreign"
        subprocess.run([str(program)], check=True)
        print(f"{kind} project, {way}: built and run")
    return 0


sys.exit(main())
