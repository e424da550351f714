"""Sums up a ctest run: what passed, failed and was skipped, end-to-end tests apart and in a table.

usage: summary.py BUILD_DIRECTORY; reads results.xml there, writes summary.txt there
"""

import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, str(pathlib.Path(__file__).parent / "qemu"))
import table  # noqa: E402


def labels_of_tests(build):
    """From each test's name to its labels; ctest's result file does not hold them."""
    listed = subprocess.run(
        ["ctest", "--show-only=json-v1"], cwd=build, check=True, stdout=subprocess.PIPE
    )
    labels = {}
    for test in json.loads(listed.stdout)["tests"]:
        for item in test.get("properties", []):
            if item["name"] == "LABELS":
                labels[test["name"]] = item["value"]
    return labels


def outcome_of(case):
    """Only a test that asked for it is skipped; one whose program is missing has failed."""
    note = case.find("skipped")
    if note is not None and (note.get("message") or "").startswith("SKIP_"):
        return "skipped"
    return "passed" if case.get("status") == "run" else "failed"


def reason_of(case):
    """A test that skips itself says why in a line beginning with `skipped:`."""
    for line in output_of(case).splitlines():
        if line.lower().startswith("skipped:"):
            return line[8:].strip()
    return "no reason given"


def output_of(case):
    return case.findtext("system-out") or ""


def emulated(cases, labels):
    """How many of the library's cases ran on each of the other machines."""
    for case in cases:
        if "portable" not in labels.get(case.get("name"), []) or outcome_of(case) == "skipped":
            continue
        said = re.search(r"test cases: +(\d+) .*\| +(\d+) failed \| +(\d+) skipped", output_of(case))
        ran = "{} cases ran, {} failed, {} left out".format(*said.groups()) if said else "none ran"
        yield f"{case.get('name')}: {ran}"


def count(cases, outcome):
    return sum(outcome_of(case) == outcome for case in cases)


def main():
    build = pathlib.Path(sys.argv[1])
    results = build / "results.xml"
    if not results.exists():
        print("No test ran: the build failed.")
        return 1
    labels = labels_of_tests(build)
    cases = list(xml.parse(results).getroot().iter("testcase"))
    end_to_end = [case for case in cases if "e2e" in labels.get(case.get("name"), [])]

    lines = table.make([(output_of(case), outcome_of(case) == "passed") for case in end_to_end])
    lines += emulated(cases, labels)
    for case in cases:
        if outcome_of(case) == "failed":
            lines.append(f"failed: {case.get('name')}")
    for case in cases:
        if outcome_of(case) == "skipped":
            lines.append(f"skipped: {case.get('name')}: {reason_of(case)}")
    failed, skipped = count(end_to_end, "failed"), count(end_to_end, "skipped")
    ran = len(end_to_end) - skipped
    lines.append(f"end to end: {ran} ran, {failed} failed, {skipped} skipped")
    failed, skipped = count(cases, "failed"), count(cases, "skipped")
    lines.append(f"all tests: {count(cases, 'passed')} passed, {failed} failed, {skipped} skipped")
    text = "\n".join(lines)
    print(text)
    (build / "summary.txt").write_text(text + "\n", encoding="utf-8")
    return 1 if failed or not cases else 0


sys.exit(main())
