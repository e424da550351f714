"""What the style tests share: the right version of a tool, and the files of the project."""

import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77 # ctest's SKIP_RETURN_CODE
VERSION = "14" # other versions format and judge differently


def llvm_tool(name):
    """The path of version 14 of a tool; without one the test is skipped."""
    for program in (f"{name}-{VERSION}", name):
        if shutil.which(program):
            said = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True).stdout
            if f"version {VERSION}." in said:
                return program
    print(f"skipped: {name} {VERSION} is not installed")
    sys.exit(SKIPPED)


def sources(root):
    """The C++ files under version control; all of them where there is none."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "*.cpp", "*.hpp"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    paths = [pathlib.Path(root) / name for name in listed.stdout.split("\0") if name]
    if listed.returncode or not paths:
        folders = ("include", "examples", "tests", "bench")
        paths = [path for folder in folders for path in (pathlib.Path(root) / folder).rglob("*.?pp")]
    return sorted(str(path) for path in paths if path.exists())
