"""The table of what the end-to-end tests ran, made of what they print."""

import re

COLUMNS = {  # from what a case says of its rings to the column's title
    "indirect_desc+event_idx": "all",
    "event_idx": "direct",
    "indirect_desc": "no event",
    "plain": "neither",
}
WAYS = 4  # two directions, mono and stereo
EXACT = re.compile(r"^exact: (\w+) (\w+) (\d+) (\d+)$", re.MULTILINE)  # and on time


def read(output):
    """The QEMU version, and the words of the line `case:`; None where there is none."""
    version = re.search(r"^QEMU emulator version (\S+)", output, re.MULTILINE)
    case = re.search(r"^case: (.*)$", output, re.MULTILINE)
    return (version.group(1), case.group(1).split()) if version and case else None


def rows_of(cells, rows, columns, first):
    """Text rows; a cell is (passed, ran)."""
    lines = [first.ljust(14) + "".join(title.rjust(11) for title in columns.values())]
    for row in rows:
        line = str(row).ljust(14)
        for column in columns:
            passed, ran = cells.get((row, column), (0, 0))
            text = "-" if ran == 0 else str(passed) if passed == ran else f"{passed} of {ran}"
            line += text.rjust(11)
        lines.append(line)
    return lines


def add(cells, key, passed):
    before = cells.get(key, (0, 0))
    cells[key] = (before[0] + passed, before[1] + 1)


def make(runs):
    """`runs`: (what a test printed, whether it passed). Returns the lines of two tables."""
    machines, versions, exact = {}, {}, {}
    for output, passed in runs:
        found = read(output)
        if found is None:
            continue
        version, (machine, ring, extras) = found
        versions.setdefault(version, set()).add(machine)
        add(machines, (machine, (ring, extras)), passed)
        for way, sample_format, rate, channels in EXACT.findall(output):
            exact.setdefault((int(rate), sample_format), set()).add((way, channels))
    lines = []
    for version, on in sorted(versions.items()):
        lines.append(f"end to end on QEMU {version}: {' '.join(sorted(on))}")
    columns = {(ring, extras): f"{ring[0]}:{title}" for ring in ("split", "packed")
               for extras, title in COLUMNS.items()}
    lines += ["tests passed, by machine and rings (s: split, p: packed):"]
    lines += rows_of(machines, sorted({key[0] for key in machines}), columns, "")
    formats = {name: name for name in ("s8", "u8", "s16", "u16", "s32", "u32", "float")}
    ways = {key: (len(found), WAYS) for key, found in exact.items()}
    lines += ["bit-exact and on time, of playback and capture, mono and stereo:"]
    lines += rows_of(ways, sorted({key[0] for key in exact}), formats, "rate")
    return lines
