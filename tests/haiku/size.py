"""Counts what the Haiku driver is made of: lines that are neither blank nor all comment.

Exits with 1 where the driver, or a file of it, has outgrown its limit.
usage: size.py DRIVER_DIRECTORY
"""

import pathlib
import re
import sys

MOST_IN_ALL = 1000
MOST_IN_A_FILE = 300
NO_CODE = {"README.md", ".clang-format"}
# Literals first, so that what looks like a comment inside them stays.
C_TOKENS = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|(//[^\n]*|/\*.*?\*/)'
JAM_TOKENS = r'"[^"\n]*"|(#[^\n]*)'  # settings files, too


def code_lines(name, text):
    tokens = C_TOKENS if name.endswith((".h", ".cpp")) else JAM_TOKENS
    without = re.sub(
        tokens, lambda found: "\n" * found.group().count("\n") if found.group(1) else found.group(),
        text, flags=re.S)
    return sum(1 for line in without.splitlines() if line.strip())


def self_check():
    c = 'int a; // one\n\n/* two\n\tthree */\n/*!\tfour\n*/ int b;\nconst char* s = "// /*";\n'
    assert code_lines("a.h", c) == 3
    assert code_lines("a.cpp", "x = 'a'; /* b */\n#define Y \\\n\t1\n") == 3
    assert code_lines("Jamfile", '# one\nSubDir "#" ; # two\n\n') == 1


def main(folder):
    self_check()
    counts = {path.name: code_lines(path.name, path.read_text(encoding="utf-8"))
              for path in sorted(pathlib.Path(folder).iterdir()) if path.name not in NO_CODE}
    if len(counts) < 2:
        sys.exit(f"no driver in {folder}")
    total = sum(counts.values())
    for name, count in counts.items():
        print(f"{count:5} {name}")
    print(f"{total:5} in all, of {MOST_IN_ALL}")
    large = [name for name, count in counts.items() if count > MOST_IN_A_FILE]
    if large:
        print(f"more than {MOST_IN_A_FILE} lines: {', '.join(large)}", file=sys.stderr)
    if total > MOST_IN_ALL:
        print(f"the driver has {total - MOST_IN_ALL} lines too many", file=sys.stderr)
    return 1 if large or total > MOST_IN_ALL else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
