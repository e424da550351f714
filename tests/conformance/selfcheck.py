"""Shows that the scripts of this folder notice what they must notice, on small inputs.

usage: selfcheck.py
"""

import pathlib
import sys
import tempfile

import citations
import clauses
import table

# A chapter in the specification's shape: lists, a lead with and without a keyword, things to skip.
CHAPTER = r"""
\section{Lamp Device}\label{sec:Lamp Device}
A lamp MAY shine; that binds nobody.
\drivernormative{\subsection}{Light}{Device Types / Lamp Device / Lamp Light}
The driver MUST use \field{watts}, i.e. power.  It SHOULD
NOT flicker! % The driver MUST NOT see this.
\begin{note}
The driver MUST NOT see this either.
\end{note}
If the lamp is dim:
\begin{itemize}
\item The driver MAY wait.
\item After waiting:
  \begin{itemize}
  \item it MUST look, but MAY blink (see \ref{sec:Lamp Device}).
  \end{itemize}
\end{itemize}
The driver MUST do this in order:
\begin{enumerate}
\item Plug it in.
\item Switch it on.  It MUST NOT do so twice.
\end{enumerate}
\devicenormative{\subsection}{Light}{Device Types / Lamp Device / Lamp Light}
The device MUST shine.
\subsection{Colour}
\drivernormative{\subsection}{Colour}{Device Types / Lamp Device}
Drivers SHOULD like it.
"""
EXPECTED = [
    ("Lamp Device / Lamp Light, driver 1", "MUST"),
    ("Lamp Device / Lamp Light, driver 2", "SHOULD NOT"),
    ("Lamp Device / Lamp Light, driver 3", "MAY"),
    ("Lamp Device / Lamp Light, driver 4", "MUST, MAY"),
    ("Lamp Device / Lamp Light, driver 5", "MUST"),
    ("Lamp Device / Lamp Light, driver 6", "MUST NOT"),
    ("Lamp Device / Colour, driver 1", "SHOULD"),
]

WORDS = """
Lamp Device / Lamp Light
  1  watts
  2  no flicker
  3  patience
  4  a look
  5  plug, then switch
  6  once
Lamp Device / Colour
  1  taste
"""
REASONS = "Lamp Device / Lamp Light\n  2  not followed: it is an old lamp\n"
PENDING = "# Not built.\nLamp Device / Colour\n"
PROOF = """
// Why there is such a test.
// [virtio 1.4] Lamp Device / Lamp Light, driver 1
// [virtio 1.4] Lamp Device / Lamp Light, driver 3
TEST_CASE("lamp: the first "
          "case") {
    // Spec: [virtio 1.4] Lamp Device / Lamp Light, driver 4
    CHECK(shines);
}

// [virtio 1.4] Lamp Device / Lamp Light: a pointer for the reader
// [virtio 1.4] Lamp Device / Lamp Light, driver 5
TEST_CASE_TEMPLATE("lamp: the second", T, int, long) {
    CHECK(shines);
}
"""
SCRIPT = 'def lamp():\n    """Looks.\n\n    [virtio 1.4] Lamp Device / Lamp Light, driver 6\n    """\n'
TESTS = {"lamp/lamp_test.cpp": PROOF, "lamp/lamp.py": SCRIPT}

FIRST = "// [virtio 1.4] Lamp Device / Lamp Light, driver 1\n"
# What is changed in the good inputs, from what, to what, and what must be said about it.
BAD = [
    ("lamp/lamp_test.cpp", FIRST, "", "driver 1: neither a test"),
    ("lamp/lamp_test.cpp", "driver 5", "driver 7", "has no such number"),
    ("lamp/lamp_test.cpp", "Light, driver 5", "Ligth, driver 5", "is not in the list"),
    ("lamp/lamp_test.cpp", "Light, driver 5", "Light, driver 2", "driver 2: there is a proof"),
    ("lamp/lamp_test.cpp", "Light, driver 5", "Light, driver five", "one clause a line"),
    ("lamp/lamp_test.cpp", "driver 5", "driver 5, driver 6", "one clause a line"),
    ("lamp/lamp_test.cpp", "driver 5", "driver 5 and more", "one clause a line"),
    ("lamp/lamp_test.cpp", ", driver 5", ",  Drivers 5", "one clause a line"),
    ("lamp/lamp_test.cpp", "driver 5\n", "driver 5\nint between;\n", "no test case follows"),
    ("lamp/lamp_test.cpp", "T, int, long)", "T, int, long) * doctest::skip()", "it proves nothing"),
    ("lamp/lamp_test.cpp", '"lamp: the second"', '"x" * doctest::may_fail()', "it proves nothing"),
    ("lamp/lamp.py", "driver 6", "driver 66", "has no such number"),
    ("model/lamp_test.cpp", "", PROOF, "is no model"),
    ("words", "  2  no flicker\n", "", "driver 2: words.txt does not say"),
    ("words", "  6  once", "  9  never", "driver 9' does not exist"),
    ("words", "  6  once", "  1  once", "driver 1: twice"),
    ("words", "  6  once", "    6  once", "was not understood"),
    ("reasons", "  2  not followed: it is an old lamp\n", "", "driver 2: neither a test"),
    ("reasons", "not followed: it is an old lamp", "not followed:", "a reason begins with"),
    ("reasons", "not followed", "no idea", "a reason begins with"),
    ("reasons", "  2  not", "  1  not", "MUST is no advice"),
    ("reasons", "  2  not", "  7  not", "driver 7' does not exist"),
    ("pending", "Lamp Device / Colour\n", "", "Colour, driver 1: neither a test"),
    ("pending", "Colour", "Smell", "Lamp Device / Smell' does not exist"),
    ("pending", "Lamp Device / Colour", "Lamp Device / Colour\nLamp Device / Lamp Light, driver 1",
     "driver 1' is done"),
]


def judged(files):
    """Everything that is said about these inputs, and the table."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root) / name
            if path.suffix:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        cited, wrong = citations.find_all(pathlib.Path(root))
    listed = clauses.clauses_of(CHAPTER, "lamp.tex", "Lamp Device")
    made = table.Table(table.Inputs(listed, files["words"], files["reasons"], files["pending"], cited))
    return wrong + made.wrong, made


def check_clauses():
    found = clauses.clauses_of(CHAPTER, "lamp.tex", "Lamp Device")
    if [(c.name, c.keywords) for c in found] != EXPECTED:
        yield f"the clauses of a chapter are {found}"
    if clauses.from_text(clauses.to_text(found)) != found:
        yield "the list does not survive being written and read"
    if list(clauses.differences(found, found)):
        yield "a list differs from itself"
    for old, new in (("MUST look", "MUST leap"), ("MAY wait", "MUST wait"), ("watts", "volts"),
                     ("If the lamp is dim", "If it is off"), ("Plug it in", "Leave it")):
        other = clauses.clauses_of(CHAPTER.replace(old, new), "lamp.tex", "Lamp Device")
        if len(list(clauses.differences(found, other))) < 1:
            yield f"'{new}' instead of '{old}' is not noticed"
    if not list(clauses.wrong_counts(found)) or list(clauses.wrong_counts(clauses.committed())):
        yield "the counts are not looked at"
    if not list(clauses.wrong_counts(clauses.committed()[1:])):
        yield "a clause too few is not noticed"
    if not list(clauses.wrong_counts(clauses.committed()[:-1] + clauses.committed()[:1])):
        yield "a clause twice is not noticed"


def check_table():
    good = {**TESTS, "words": WORDS, "reasons": REASONS, "pending": PENDING}
    wrong, made = judged(good)
    if wrong:
        yield f"the good inputs are refused: {wrong}"
    text = made.markdown()
    for expected in ("| Lamp Device | 7 | 5 | 0 | 1 | 1 |", "lamp: the first case (`lamp/lamp_test.cpp`)",
                     "| 6 | MUST NOT | once | lamp (`lamp/lamp.py`) |", "*pending*"):
        if expected not in text:
            yield f"the table has no '{expected}': {text}"
    for name, old, new, expected in BAD:
        before = good.get(name, "")
        changed = before.replace(old, new, 1) if old else new
        if changed == before:
            yield f"{name}: nothing is changed by {old!r}"
        said, other = judged({**good, name: changed})
        if not any(expected in line for line in said):
            yield f"{name} with {new!r} for {old!r}: expected '{expected}', got {said}"
        if name in TESTS and "neither" in expected and other.markdown() == text:
            yield f"{name} with {new!r}: the table does not show it"


def main():
    failures = [*check_clauses(), *check_table()]
    print("\n".join(failures) or f"{len(BAD)} bad inputs refused")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
