"""Holds the bare-metal ports to their promise: at most 5 functions, lock and unlock apart, and at
most 60 lines that are not blank.

usage: port_size.py FILE FUNCTION...    with the functions that must be among them
"""

import re
import sys

MOST_FUNCTIONS = 5
MOST_LINES = 60


def measure(text):
    """The number of lines that are not blank, and the names of the functions of the port."""
    lines = [line for line in text.splitlines() if line.strip()]
    starts = re.findall(r"^    [\w:*& ]+?[ *&](\w+)\([^()]*\) (?:const )?\{", text, re.MULTILINE)
    functions = [name for name in starts if name not in ("lock", "unlock")]
    return len(lines), functions


def main(path, *required):
    with open(path, encoding="utf-8") as file:
        lines, functions = measure(file.read())
    print(f"{path}: {lines} lines; functions: {' '.join(functions)}")
    unseen = set(required) - set(functions)
    if unseen or not required:
        print(f"failed: does not see {' '.join(sorted(unseen))}")
        return 1
    if lines > MOST_LINES or len(functions) > MOST_FUNCTIONS:
        print(f"failed: at most {MOST_LINES} lines and {MOST_FUNCTIONS} functions")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
