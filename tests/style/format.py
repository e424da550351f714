"""Whether every C++ file lies as .clang-format wants it.

usage: format.py PROJECT_DIRECTORY
"""

import subprocess
import sys

from tools import llvm_tool, sources


def main():
    program, files = llvm_tool("clang-format"), sources(sys.argv[1])
    print(f"{program}: {len(files)} files")
    return subprocess.run([program, "--dry-run", "-Werror", *files]).returncode if files else 1


sys.exit(main())
