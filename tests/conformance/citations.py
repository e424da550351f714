"""Finds the citations of single clauses in the tests, and the test cases that make them.

A citation is a line of its own in a comment or docstring, above a test case or inside it:

    // [virtio 1.4] Sound Device / PCM Output Stream, driver 2
    TEST_CASE("...")

A line that names a chapter without ", driver" and a number is a pointer for the reader, no proof.
Nor is a test of the model one: it judges drivers, and is none.
"""

import dataclasses
import re

MARK = "[virtio 1.4]"
CITATION = re.compile(r"\s*(?://|#)?\s*(?:Spec: )?\[virtio 1\.4\] ([^\s,][^,]*), driver (\d+)\s*")
ATTEMPT = re.compile(r"\[virtio 1\.4\].*,\s*[Dd]rivers?\b")
CASE = re.compile(r"TEST_CASE(?:_TEMPLATE|_FIXTURE)?\(")
EXCUSES = re.compile(r"doctest::(?:skip|may_fail|should_fail|expected_failures)")


@dataclasses.dataclass
class Citation:
    clause: str  # "Sound Device / PCM Output Stream, driver 2"
    file: str
    line: int
    case: str    # the test case's name; empty where the citation belongs to none


@dataclasses.dataclass
class Case:
    name: str
    first: int  # line numbers from 1
    last: int
    excused: bool


def cpp_cases(lines):
    found = []
    for first, line in enumerate(lines, 1):
        if not CASE.match(line):
            continue
        last = next((n for n in range(first, len(lines) + 1) if lines[n - 1] == "}"), len(lines))
        head = " ".join(lines[first - 1:last]).split("{")[0]
        # Adjacent literals are one name.
        name = re.search(r'"((?:[^"\\]|\\.|"\s+")*)"', head)
        found.append(Case(re.sub(r'"\s+"', "", name.group(1)) if name else "?", first, last,
                          bool(EXCUSES.search(head))))
    return found


def python_cases(lines):
    starts = [n for n, line in enumerate(lines, 1) if re.match(r"def \w+\(", line)]
    ends = [n - 1 for n in starts[1:]] + [len(lines)]
    return [Case(re.match(r"def (\w+)", lines[a - 1]).group(1), a, b, False)
            for a, b in zip(starts, ends)]


def belongs_to(cases, lines, number):
    """The case around a line, or right below the comment that it stands in."""
    for case in cases:
        if case.first <= number <= case.last:
            return case
    while number <= len(lines) and lines[number - 1].lstrip().startswith(("//", "#")):
        number += 1
    return next((case for case in cases if case.first == number), None)


def find(text, file):
    """The citations of one file, and what is wrong with them, one line each."""
    lines = text.splitlines()
    cases = python_cases(lines) if file.endswith(".py") else cpp_cases(lines)
    found, wrong = [], []
    for number, line in enumerate(lines, 1):
        if not ATTEMPT.search(line):
            continue
        cited = CITATION.fullmatch(line)
        where = f"{file}:{number}"
        if not cited:
            wrong.append(f"{where}: write one clause a line: {MARK} Chapter / Title, driver N")
            continue
        case = belongs_to(cases, lines, number)
        if case is None:
            wrong.append(f"{where}: no test case follows")
        elif case.excused:
            wrong.append(f"{where}: '{case.name}' may fail, so it proves nothing")
        else:
            found.append(Citation(f"{cited[1]}, driver {cited[2]}", file, number, case.name))
    return found, wrong


def find_all(tests):
    """The citations of all tests in a directory, except of this folder's scripts."""
    found, wrong = [], []
    for path in sorted(tests.rglob("*")):
        file = path.relative_to(tests).as_posix()
        own_script = file.startswith("conformance/") and path.suffix == ".py"
        if path.suffix not in (".cpp", ".hpp", ".py") or own_script:
            continue
        more, bad = find(path.read_text(encoding="utf-8"), file)
        wrong += bad
        if file.startswith("model/"):
            wrong += [f"{c.file}:{c.line}: what proves a clause of the driver is no model" for c in more]
        else:
            found += more
    return found, wrong
