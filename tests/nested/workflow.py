"""Runs one workflow of the project; the files in VSND_RESULTS must be its fresh results.

usage: workflow.py PRESET PROGRAM...; without one of the programs it is skipped
"""

import os
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77 # ctest's SKIP_RETURN_CODE


def main():
    preset, *programs = sys.argv[1:]
    for program in programs:
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed")
            return SKIPPED
    results = [pathlib.Path(name) for name in os.environ.get("VSND_RESULTS", "").split(":") if name]
    for result in results:
        result.unlink(missing_ok=True)
    code = subprocess.run(["cmake", "--workflow", "--preset", preset]).returncode
    lacking = [str(path) for path in results if not path.exists() or path.stat().st_size == 0]
    if lacking:
        print("not written: " + ", ".join(lacking))
    return 1 if code or lacking else 0


sys.exit(main())
