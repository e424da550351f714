"""Writes tests/CONFORMANCE.md: each clause that binds a driver, and what proves that it is kept.

usage: table.py          writes the table
       table.py --check  says what is wrong: a clause with neither a proof nor a reason, a citation of
                         a clause that does not exist, a reason that is not needed, a stale table

The clauses come from clauses.txt (clauses.py), what they ask for from words.txt, the proofs from the
citations in the tests (citations.py), reasons from reasons.txt. pending.txt lists what is not built.
"""

import dataclasses
import pathlib
import re
import sys

import citations
import clauses

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
TABLE = TESTS / "CONFORMANCE.md"
KINDS = ("not applicable", "not followed")


@dataclasses.dataclass
class Inputs:
    clauses: list
    words: str
    reasons: str
    pending: str
    citations: list


def by_clause(text):
    """A hand-kept file as clause name -> text; the second value: what is wrong with the file."""
    found, wrong, block = {}, [], None
    for line in text.splitlines():
        entry = re.fullmatch(r"  (\d+)  (\S.*)", line)
        if not line or line.startswith("#"):
            continue
        if entry:
            name = f"{block}, driver {entry[1]}"
            if name in found:
                wrong.append(f"{name}: twice")
            found[name] = entry[2]
        elif line.startswith(" "):
            wrong.append(f"'{line}' was not understood")
        else:
            block = line
    return found, wrong


def lines_of(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def covers(entry, clause):
    return entry in (clause.name, clause.block, clause.chapter)


class Table:
    def __init__(self, inputs):
        self.clauses = inputs.clauses
        self.wrong = []
        self.words = self.read("words.txt", inputs.words)
        self.reasons = self.read("reasons.txt", inputs.reasons)
        self.pending = lines_of(inputs.pending)
        self.proofs = {}
        names = {clause.name for clause in self.clauses}
        blocks = {clause.block for clause in self.clauses}
        for cited in inputs.citations:
            if cited.clause in names:
                proofs = self.proofs.setdefault(cited.clause, [])
                if (cited.file, cited.case) not in proofs:
                    proofs.append((cited.file, cited.case))
                continue
            known = cited.clause.rsplit(", ", 1)[0] in blocks
            what = "has no such number" if known else "is not in the list"
            self.wrong.append(f"{cited.file}:{cited.line}: '{cited.clause}' {what}")
        self.judge()

    def read(self, file, text):
        found, wrong = by_clause(text)
        self.wrong += [f"{file}: {w}" for w in wrong]
        names = {clause.name for clause in self.clauses}
        self.wrong += [f"{file}: '{n}' does not exist" for n in found if n not in names]
        return found

    def is_pending(self, clause):
        return any(covers(entry, clause) for entry in self.pending)

    def judge(self):
        for clause in self.clauses:
            self.wrong += [f"{clause.name}: {w}" for w in self.judge_clause(clause)]
        for entry in self.pending:
            meant = [c for c in self.clauses if covers(entry, c)]
            if not meant:
                self.wrong.append(f"pending.txt: '{entry}' does not exist")
            elif all(c.name in self.proofs or c.name in self.reasons for c in meant):
                self.wrong.append(f"pending.txt: '{entry}' is done; delete the line")

    def judge_clause(self, clause):
        proven, reason = clause.name in self.proofs, self.reasons.get(clause.name)
        if clause.name not in self.words:
            yield "words.txt does not say what it asks for"
        if not proven and reason is None and not self.is_pending(clause):
            yield "neither a test that proves it nor a reason why not"
        if proven and reason is not None:
            yield "there is a proof, so the reason in reasons.txt is wrong"
        if reason is not None:
            kind = reason.split(":")[0]
            if kind not in KINDS or not reason[len(kind) + 1:].strip():
                yield f"a reason begins with {' or '.join(KINDS)}, and a colon"
            if kind == "not followed" and "MUST" in clause.keywords.split(", ")[0]:
                yield f"{clause.keywords} is no advice"

    def state(self, clause):
        if clause.name in self.proofs:
            return "proven"
        if clause.name in self.reasons:
            return self.reasons[clause.name].split(":")[0]
        return "pending" if self.is_pending(clause) else "missing"

    def counts(self):
        """Chapter -> state -> how many."""
        numbers = {}
        for clause in self.clauses:
            row = numbers.setdefault(clause.chapter, {})
            row[self.state(clause)] = row.get(self.state(clause), 0) + 1
        return numbers

    def answer(self, clause):
        state = self.state(clause)
        if state == "proven":
            return "<br>".join(f"{case} (`{file}`)" for file, case in self.proofs[clause.name])
        return f"*{self.reasons.get(clause.name, state)}*"

    def markdown(self):
        states = ("proven", *KINDS, "pending")
        lines = [
            "# Conformance", "",
            "Every sentence of virtio 1.4 that binds the driver of a sound device (MUST, SHOULD, MAY in",
            "the driver's normative parts), what it asks for in our words, and the test cases that prove",
            "it. Written by `conformance/table.py`; do not edit. Administration queues, channel I/O and",
            "other device types are left out: the library has nothing to do with them.", "",
            "| chapter | clauses | " + " | ".join(states) + " |",
            "|---|" + "---|" * (len(states) + 1)]
        numbers = self.counts()
        for chapter, row in numbers.items():
            cells = [sum(row.values()), *(row.get(s, 0) for s in states)]
            lines.append(f"| {chapter} | " + " | ".join(str(c) for c in cells) + " |")
        sums = [sum(row.get(s, 0) for row in numbers.values()) for s in states]
        lines.append(f"| **all** | {len(self.clauses)} | " + " | ".join(str(s) for s in sums) + " |")
        block = None
        for clause in self.clauses:
            if clause.block != block:
                block = clause.block
                lines += ["", f"## {block}", "", "| driver | | asks for | proof |", "|---|---|---|---|"]
            cells = (clause.number, clause.keywords, self.words.get(clause.name, ""), self.answer(clause))
            lines.append("| " + " | ".join(str(c).replace("|", "\\|") for c in cells) + " |")
        return "\n".join(lines) + "\n"


def read_inputs(tests):
    cited, wrong = citations.find_all(tests)
    texts = [(HERE / f"{name}.txt").read_text(encoding="utf-8")
             for name in ("words", "reasons", "pending")]
    return Inputs(clauses.committed(), *texts, cited), wrong


def main():
    inputs, wrong = read_inputs(TESTS)
    table = Table(inputs)
    wrong += [*clauses.wrong_counts(inputs.clauses), *table.wrong]
    if "--check" not in sys.argv:
        TABLE.write_text(table.markdown(), encoding="utf-8")
    elif not TABLE.exists() or TABLE.read_text(encoding="utf-8") != table.markdown():
        wrong.append("CONFORMANCE.md is stale: python3 -B tests/conformance/table.py writes it")
    for chapter, row in table.counts().items():
        print(f"{chapter}: " + ", ".join(f"{n} {state}" for state, n in sorted(row.items())))
    print("\n".join(wrong) or f"{len(inputs.clauses)} clauses: none without a proof or a reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
