"""Reads the specification's text and lists the clauses that bind a driver.

usage: clauses.py SPEC_DIR          writes clauses.txt
       clauses.py --check SPEC_DIR  says where clauses.txt is not what the specification says

SPEC_DIR is the source (.tex) of virtio 1.4. Its sentences stay there: the list has a digest of each,
so that a changed sentence is seen, and words.txt says in a few words of our own what it asks for.

A clause is a sentence of a \\drivernormative block that has a keyword (MUST, SHOULD, MAY, ...).
Where such a sentence leads a list, items without a keyword belong to it, and items with one are
clauses of their own; a lead without a keyword ("if the feature is negotiated:") belongs to each item.
"""

import dataclasses
import hashlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
LIST = HERE / "clauses.txt"

# The files read, and the chapter that their blocks belong to; without one, the \chapter tells.
FILES = {
    "device-types/sound/description.tex": "Sound Device",
    "content.tex": None,
    "split-ring.tex": "Split Virtqueues",
    "packed-ring.tex": "Packed Virtqueues",
    "transport-pci.tex": "Virtio Over PCI Bus",
    "transport-mmio.tex": "Virtio Over MMIO",
}
# How many clauses virtio 1.4 has there.
COUNTS = {
    "Sound Device": 22,
    "Basic Facilities of a Virtio Device": 17,
    "General Initialization And Device Operation": 14,
    "Reserved Feature Bits": 12,
    "Split Virtqueues": 26,
    "Packed Virtqueues": 17,
    "Virtio Over PCI Bus": 42,
    "Virtio Over MMIO": 23,
}

KEYWORD = re.compile(r"\b(MUST NOT|MUST|SHALL NOT|SHALL|SHOULD NOT|SHOULD|REQUIRED|"
                     r"NOT RECOMMENDED|RECOMMENDED|MAY|OPTIONAL)\b")
HEADING = re.compile(r"\\(drivernormative|devicenormative|chapter|(?:sub)*section|(?:sub)*paragraph)\b"
                     r"\*?((?:\s*\{(?:[^{}]|\{[^{}]*\})*\})+)")


@dataclasses.dataclass
class Clause:
    block: str      # "Sound Device / PCM Stream Parameters"
    number: int     # in its block, from 1
    keywords: str   # "MUST NOT", or several: "MUST, MAY"
    digest: str
    file: str

    @property
    def name(self):
        return f"{self.block}, driver {self.number}"

    @property
    def chapter(self):
        return self.block.split(" / ")[0]


def plain(text):
    """One line of text without markup."""
    text = re.sub(r"\\(?:label|index)\{[^{}]*\}", " ", text)
    text = re.sub(r"\\(?:ref|nameref|pageref)\{[^{}]*\}", "<ref>", text)
    for _ in range(3):
        text = re.sub(r"\\[a-zA-Z]+\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\([_#%&])|\{\\em\b|[{}]", r"\1", text)
    text = text.replace("~", " ")
    return re.sub(r"\s+", " ", text).strip()


def sentences(text):
    """The sentences of a text without lists; an empty line ends one too."""
    for paragraph in re.split(r"\n\s*\n", text):
        one_line = plain(paragraph)
        for sentence in re.split(r"(?<=[.!?])[\"')]*\s+(?=[A-Z(])", one_line):
            if sentence.strip():
                yield sentence.strip()


def split_list(text):
    """What stands before the first list, its items, and what stands behind it."""
    begin = re.search(r"\\begin\{(itemize|enumerate|description)\}", text)
    if not begin:
        return text, [], ""
    depth = 0
    for mark in re.finditer(r"\\(begin|end)\{(?:itemize|enumerate|description)\}", text):
        depth += 1 if mark.group(1) == "begin" else -1
        if depth == 0:
            inner = text[begin.end():mark.start()]
            return text[:begin.start()], items(inner), text[mark.end():]
    raise ValueError("a list without an end")


def items(text):
    """The items of a list, which may hold lists themselves."""
    found, depth = [], 0
    for mark in re.finditer(r"\\(begin|end)\{(?:itemize|enumerate|description)\}|\\item\b", text):
        if mark.group(1):
            depth += 1 if mark.group(1) == "begin" else -1
        elif depth == 0:
            found.append([mark.end(), len(text)])
            if len(found) > 1:
                found[-2][1] = mark.start()
    return [text[a:b] for a, b in found]


def normative(text, context=""):
    """The clauses of a text, in order; `context` is a lead that has no keyword."""
    result = []
    while text.strip():
        before, listed, text = split_list(text)
        said = list(sentences(before))
        lead = said.pop() if listed and said else ""
        result += [f"{context} {s}".strip() for s in said if KEYWORD.search(s)]
        if not listed:
            continue
        leads = bool(KEYWORD.search(lead))
        if leads:
            result.append(f"{context} {lead}".strip())
            place = len(result) - 1
        inner = context if leads else f"{context} {lead}".strip()
        for item in listed:
            clauses = normative(item, inner)
            if leads:
                # What an item says without a keyword is part of what the lead demands.
                rest = [s for s in sentences(split_list(item)[0]) if not KEYWORD.search(s)]
                result[place] = " ".join([result[place], *rest])
            result += clauses
    return result


def without_asides(text):
    text = re.sub(r"(?<!\\)%.*", "", text)
    for name in ("note", "lstlisting"):
        text = re.sub(r"\\begin\{%s\}.*?\\end\{%s\}" % (name, name), "\n\n", text, flags=re.S)
    return text


def blocks(text, fixed):
    """Name and text of each block that binds the driver; `fixed` is the chapter, or \\chapter tells."""
    text = without_asides(text)
    chapter = fixed
    marks = list(HEADING.finditer(text))
    for mark, following in zip(marks, marks[1:] + [None]):
        kind = mark.group(1)
        arguments = [plain(a) for a in re.findall(r"\{((?:[^{}]|\{[^{}]*\})*)\}", mark.group(2))]
        if kind == "chapter" and not fixed:
            chapter = arguments[0]
        if kind != "drivernormative":
            continue
        _, title, label = arguments
        last = label.split(" / ")[-1]
        if last == chapter:
            last = title
        name = chapter if last == chapter else f"{chapter} / {last}"
        yield name, text[mark.end():following.start() if following else None]


def clauses_of(text, file, fixed):
    """The clauses of one file's text."""
    found = []
    for block, body in blocks(text, fixed):
        said = normative(body)
        if not said:
            raise ValueError(f"{file}: no clause in '{block}'")
        # Nothing may be lost on the way: as many keywords as the block has.
        if sum(len(KEYWORD.findall(s)) for s in said) != len(KEYWORD.findall(plain(body))):
            raise ValueError(f"{file}: '{block}' was not understood")
        for number, sentence in enumerate(said, 1):
            keywords = ", ".join(dict.fromkeys(KEYWORD.findall(sentence)))
            digest = hashlib.sha256(sentence.encode()).hexdigest()[:12]
            found.append(Clause(block, number, keywords, digest, file))
    return found


def read_specification(directory):
    found = []
    for file, fixed in FILES.items():
        text = (pathlib.Path(directory) / file).read_text(encoding="utf-8")
        found += clauses_of(text, file, fixed)
    return found


def count(clauses):
    numbers = {}
    for clause in clauses:
        numbers[clause.chapter] = numbers.get(clause.chapter, 0) + 1
    return numbers


def wrong_counts(clauses):
    """What is wrong with the list as a whole, one line each."""
    numbers = count(clauses)
    for chapter in {**COUNTS, **numbers}:
        if numbers.get(chapter, 0) != COUNTS.get(chapter, 0):
            yield (f"{chapter}: {numbers.get(chapter, 0)} clauses, "
                   f"but virtio 1.4 has {COUNTS.get(chapter, 0)}")
    names = [clause.name for clause in clauses]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"{name}: twice"


def to_text(clauses):
    lines = ["# The clauses that bind a driver: number, keywords, digest of the sentence.",
             "# Written by clauses.py from the source of virtio 1.4; do not edit."]
    block = None
    for clause in clauses:
        if clause.block != block:
            block = clause.block
            lines += ["", f"{block} [{clause.file}]"]
        lines.append(f"  {clause.number}  {clause.keywords}  {clause.digest}")
    return "\n".join(lines) + "\n"


def from_text(text):
    found, block, file = [], None, None
    for line in text.splitlines():
        heading = re.fullmatch(r"(\S.*) \[(.+)\]", line)
        entry = re.fullmatch(r"  (\d+)  (.+)  ([0-9a-f]{12})", line)
        if entry:
            found.append(Clause(block, int(entry[1]), entry[2], entry[3], file))
        elif heading and not line.startswith("#"):
            block, file = heading.groups()
        elif line and not line.startswith("#"):
            raise ValueError(f"clauses.txt: '{line}' was not understood")
    return found


def committed():
    return from_text(LIST.read_text(encoding="utf-8"))


def differences(clauses, listed):
    """How the specification and the list differ, one line each."""
    now, then = {c.name: c for c in clauses}, {c.name: c for c in listed}
    for name in now.keys() - then.keys():
        yield f"{name}: not in clauses.txt"
    for name in then.keys() - now.keys():
        yield f"{name}: in clauses.txt, but not in the specification"
    for name in now.keys() & then.keys():
        if now[name] != then[name]:
            yield f"{name}: the specification says something else than it did"


def main():
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    clauses = read_specification(arguments[0])
    wrong = list(wrong_counts(clauses))
    if "--check" in sys.argv:
        wrong += sorted(differences(clauses, committed()))
    else:
        LIST.write_text(to_text(clauses), encoding="utf-8")
    print("\n".join(wrong) or f"{len(clauses)} clauses, as virtio 1.4 has them")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
