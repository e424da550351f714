"""Asks a doctest program for its cases and writes one ctest entry for each.

Cases of a suite whose name contains "slow" get no label `quick`.
usage: discover.py PROGRAM OUTPUT.cmake [LABEL]: with LABEL besides `unit`, and in the names
"""

import subprocess
import sys
import xml.etree.ElementTree as xml


def filter_for(name):
    """doctest's --test-case takes a comma-separated list: escape what would split it."""
    return name.replace("\\", "\\\\").replace(",", "\\,")


def entry(program, case, label):
    name = case.get("name")
    slow = "slow" in (case.get("testsuite") or "")
    labels = ("unit" if slow else "unit;quick") + (f";{label}" if label else "")
    title = f"{label or 'unit'}: {name}"
    return (
        f"add_test([==[{title}]==] [==[{program}]==] [==[--test-case={filter_for(name)}]==])\n"
        f"set_tests_properties([==[{title}]==] PROPERTIES LABELS [==[{labels}]==]"
        # No case run (a filter that selects nothing), or no assertion made, is a failure.
        f" FAIL_REGULAR_EXPRESSION [==[test cases: +0 ;assertions: +0 ]==] TIMEOUT {900 if slow else 300})\n"
    )


def main():
    program, output, *label = sys.argv[1:]
    listed = subprocess.run(
        [program, "--list-test-cases", "--reporters=xml"], check=True, stdout=subprocess.PIPE
    )
    cases = list(xml.fromstring(listed.stdout).iter("TestCase"))
    names = [case.get("name") for case in cases]
    for name in sorted(set(n for n in names if names.count(n) > 1)):
        sys.exit(f"discover.py: two test cases are called '{name}'")
    with open(output, "w", encoding="utf-8") as script:
        script.writelines(entry(program, case, "".join(label)) for case in cases)


main()
