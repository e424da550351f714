"""Holds README.md against the tests: nothing is claimed there that no test shows.

usage: check.py README PROOFS BUILD             the table "What there is": each row has its tests
       check.py README PROOFS --numbers JSON    the table "Numbers": each row is what was measured

PROOFS has a line for each row: its first cell, a colon, and what shows it. For the first table that
is a list, separated by semicolons, of tests as ctest names them, `*` for any text; each must exist.
For the second one it is `= NAME`, a number of the benchmark, or tests again.
"""

import fnmatch
import json
import pathlib
import re
import subprocess
import sys


def rows(readme, heading):
    """The rows of the first table under a heading: first cell and the others."""
    section = re.split(r"^## ", readme, flags=re.M)
    text = next((part for part in section if part.startswith(heading + "\n")), "")
    table = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]
    return [(row[0], row[1:]) for row in cells]


def read_proofs(text):
    proofs = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            row, _, shown = line.partition(": ")
            proofs[row.strip()] = shown.strip()
    return proofs


def tests_of(build):
    """What ctest would run there."""
    listed = subprocess.run(["ctest", "--test-dir", build, "-N"], capture_output=True, text=True,
                            check=True).stdout
    return re.findall(r"^ *Test +#\d+: (.*)$", listed, flags=re.M)


def missing_tests(wanted, tests):
    patterns = [pattern.strip() for pattern in wanted.split(";")]
    return [p for p in patterns if not fnmatch.filter(tests, p.replace("[", "[[]"))]


def feature_faults(readme, proofs, tests):
    found = rows(readme, "What there is")
    faults = [] if found else ["README has no table under 'What there is'"]
    for row, _ in found:
        if row not in proofs:
            faults.append(f"'{row}': nothing in the list of proofs shows it")
            continue
        faults += [f"'{row}': there is no test '{p}'" for p in missing_tests(proofs[row], tests)]
    return faults


def number_faults(readme, proofs, measured):
    found = rows(readme, "Numbers")
    faults = [] if found else ["README has no table under 'Numbers'"]
    for row, cells in found:
        shown = proofs.get(row, "")
        if not shown:
            faults.append(f"'{row}': nothing in the list of proofs shows it")
        if not shown.startswith("= "):
            continue
        said = re.match(r"[\d,.]+", cells[0])
        value = measured.get(shown[2:])
        if said is None or value is None or float(said.group().replace(",", "")) != round(value):
            faults.append(f"'{row}': README says {cells[0]}, measured is {value}")
    return faults


def stale_proofs(readme, proofs):
    known = {row for heading in ("What there is", "Numbers") for row, _ in rows(readme, heading)}
    return [f"'{row}' is proven, but README does not say it" for row in proofs if row not in known]


def main(arguments):
    readme, proofs = (pathlib.Path(name).read_text() for name in arguments[:2])
    proofs = read_proofs(proofs)
    if arguments[2] == "--numbers":
        listed = json.loads(pathlib.Path(arguments[3]).read_text())
        measured = {row["name"]: row["value"] for row in listed}
        faults = number_faults(readme, proofs, measured)
    else:
        tests = tests_of(arguments[2])
        faults = feature_faults(readme, proofs, tests) + stale_proofs(readme, proofs)
    for fault in faults:
        print(fault)
    if not faults:
        print("README claims nothing that is not shown")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
