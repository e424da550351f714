"""Counts the instructions of functions with valgrind's callgrind."""

import collections
import pathlib
import re
import subprocess
import tempfile

# Called by a measured function, these would be a copy or an allocation.
COPIES = ("memcpy", "memmove", "memset")
ALLOCATIONS = ("malloc", "calloc", "realloc", "free", "operator new", "operator delete")


class Profile:
    """Inclusive instructions, calls of, and calls from each function."""

    def __init__(self, text):
        self.instructions = collections.Counter()
        self.calls = collections.Counter()
        self.callees = collections.defaultdict(set)
        function = callee = None
        for line in text.splitlines():
            kind, _, rest = line.partition("=")
            if kind == "fn":
                function = rest
            elif kind == "cfn":
                callee = rest
            elif kind == "calls":
                self.calls[callee] += int(rest.split()[0])
                self.callees[function].add(callee)
            elif re.fullmatch(r"\d+ \d+", line):
                # Its own instructions, or, behind "calls", those of what it calls.
                self.instructions[function] += int(line.split()[1])

    def reached(self, function):
        """Every function that this one calls, by others too."""
        seen, open_ends = set(), [function]
        while open_ends:
            for name in self.callees[open_ends.pop()] - seen:
                seen.add(name)
                open_ends.append(name)
        return seen

    def find(self, text):
        """The one function whose name contains the text."""
        found = {name for name in [*self.calls, *self.instructions] if text in name}
        if len(found) != 1:
            raise LookupError(f"{text}: {len(found)} functions: {sorted(found)[:5]}")
        return found.pop()

    def cost(self, text, calls):
        """Instructions of `calls` calls of the function, the call instructions included."""
        name = self.find(text)
        if self.calls[name] != calls:
            raise LookupError(f"{name} was called {self.calls[name]} times, not {calls}")
        return self.instructions[name] + calls

    def library_calls(self, texts, wanted):
        """Which of the wanted library functions are reached from these."""
        reached = set().union(*(self.reached(self.find(text)) for text in texts))
        return sum(1 for name in reached if any(word in name for word in wanted))


def profile(command):
    """Runs a program; what it printed, and its profile."""
    with tempfile.TemporaryDirectory() as work:
        out = pathlib.Path(work) / "callgrind.out"
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
                               "--compress-strings=no", "--compress-pos=no", *command],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
        return done.stdout, Profile(out.read_text(encoding="utf-8"))
