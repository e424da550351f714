"""How the tests compile for a place without any standard library."""

import shutil
import subprocess
import sys

SKIPPED = 77 # ctest's SKIP_RETURN_CODE

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
LANGUAGE = ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"]


def run(command):
    """Exit code and everything that was said."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def require(program):
    if shutil.which(program) is None:
        print(f"skipped: {program} is not installed")
        sys.exit(SKIPPED)


def own_headers(compiler):
    """The directory of the compiler's own <stdint.h> and <stddef.h>."""
    if "clang" in compiler:
        return run([compiler, "-print-resource-dir"])[1].strip() + "/include"
    return run([compiler, "-print-file-name=include"])[1].strip()


def freestanding(compiler):
    """Command up to the sources: no header is in reach but the compiler's own."""
    return [compiler, *LANGUAGE, *WARNINGS, "-ffreestanding", "-nostdinc", "-isystem",
            own_headers(compiler)]
