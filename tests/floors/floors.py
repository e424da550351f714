"""Reads the headers and says where they break a rule of the floors.

usage: floors.py INCLUDE_DIRECTORY
"""

import pathlib
import re
import sys

# Which floors the headers of a floor may include by themselves.
MAY_INCLUDE = {
    "base": {"base"},
    "wire": {"base", "wire"},
    "pcm": {"base", "wire", "pcm"},
    "port": {"base", "wire", "pcm", "port"},
    "sound": {"base", "wire", "pcm", "port", "sound"},
    "ring": {"base", "wire", "port", "ring"},
    "transport": {"base", "wire", "port", "ring", "transport"},
    "model": {"base", "wire", "pcm", "port", "model"},
    "vsnd.hpp": {"base", "wire", "pcm", "port", "sound"},
    # For hosted users who ask: nothing may include it.
    "fmt.hpp": {"base", "wire", "pcm", "port", "sound", "model"},
}
# Which floors they must not reach, not even through others.
NEVER_REACHES = {
    "sound": {"ring", "transport", "model"},
    "ring": {"sound", "pcm", "model"},
    "transport": {"sound", "pcm", "model"},
    "model": {"ring", "transport", "sound"},
    "vsnd.hpp": {"ring", "transport", "model"},
    "fmt.hpp": {"ring", "transport"},
}
# These may use the standard library, and only the last one fmt.
HOSTED = {"model", "fmt.hpp"}
COMPILER_HEADERS = {"stdint.h", "stddef.h"}
# A kernel may have defined these as macros.
KERNEL_MACROS = {"min", "max", "BIT", "panic", "assert", "status", "__packed"}
# What needs a runtime, a heap or a floating point unit.
RUNTIME_WORDS = {"throw", "try", "catch", "dynamic_cast", "typeid", "new", "float", "double",
                 "thread_local", "virtual"}
MOST_LINES = 350
MOST_MACROS = 3


def without_comments(text):
    """The text with comments and the contents of literals blanked, line numbers kept."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    # A digit separator (48'000) is no literal.
    text = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", text)
    return re.sub(pattern, lambda found: "\n" * found.group().count("\n") or " ", text, flags=re.S)


def includes_of(text):
    """Line number, opening character and name of each #include, also of those in an #if."""
    text = re.sub(r"/\*.*?\*/", lambda found: "\n" * found.group().count("\n"), text, flags=re.S)
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r"\s*#\s*include(?:_next)?\s*(.)([^>\"\s]*)", line)
        if found:
            yield number, found.group(1), found.group(2)


class Headers:
    def __init__(self, root):
        self.folder = pathlib.Path(root) / "vsnd"
        self.texts = {
            path.relative_to(self.folder).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(self.folder.rglob("*.hpp"))
        }

    def floor(self, name):
        return name.split("/")[0]

    def own_includes(self, name):
        return [what[5:] for _, _, what in includes_of(self.texts.get(name, ""))
                if what.startswith("vsnd/")]

    def reached(self, name):
        todo, seen = [name], set()
        while todo:
            for other in self.own_includes(todo.pop()):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        return seen

    def judge_includes(self, name):
        floor = self.floor(name)
        for number, opening, what in includes_of(self.texts[name]):
            if opening != "<":
                yield f"{name}:{number}: write #include <...>, in full"
            elif not what.startswith("vsnd/"):
                if floor not in HOSTED and what not in COMPILER_HEADERS:
                    yield f"{name}:{number}: <{what}> is neither <stdint.h> nor <stddef.h>"
                elif what.startswith("fmt/") and floor != "fmt.hpp":
                    yield f"{name}:{number}: only fmt.hpp may include <{what}>"
            elif what[5:] not in self.texts:
                yield f"{name}:{number}: <{what}> does not exist"
            elif self.floor(what[5:]) not in MAY_INCLUDE[floor]:
                yield f"{name}:{number}: {floor} must not include {self.floor(what[5:])}"

    def judge_reach(self, name):
        floor = self.floor(name)
        for other in sorted(self.reached(name)):
            if self.floor(other) in NEVER_REACHES.get(floor, ()):
                yield f"{name}: {floor} must not reach {other}"

    def judge_words(self, name):
        if self.floor(name) in HOSTED:
            return
        for number, line in enumerate(without_comments(self.texts[name]).splitlines(), 1):
            if re.match(r"\s*#\s*include\b", line):
                continue # macros are not replaced in <...>
            for word in re.findall(r"[A-Za-z_]\w*", line):
                if word in KERNEL_MACROS:
                    yield f"{name}:{number}: '{word}' is a macro in some kernels"
                if word in RUNTIME_WORDS:
                    yield f"{name}:{number}: '{word}' needs more than a kernel has"

    def judge_shape(self, name):
        text = self.texts[name]
        if "#pragma once" not in text.splitlines():
            yield f"{name}: no #pragma once"
        if text.count("\n") > MOST_LINES:
            yield f"{name}: more than {MOST_LINES} lines"

    def judge_macros(self):
        macros = {}
        for name, text in self.texts.items():
            for macro in re.findall(r"^\s*#\s*define\s+(\w+)", without_comments(text), re.M):
                macros[macro] = name
        for macro, name in macros.items():
            if not macro.startswith("VSND_"):
                yield f"{name}: the macro {macro} does not begin with VSND_"
        if len(macros) > MOST_MACROS:
            yield f"more than {MOST_MACROS} macros: {', '.join(sorted(macros))}"

    def judge(self):
        """All that is wrong, one line each."""
        for name in self.texts:
            if self.floor(name) not in MAY_INCLUDE:
                yield f"{name}: there is no such floor"
                continue
            yield from self.judge_includes(name)
            yield from self.judge_reach(name)
            yield from self.judge_words(name)
            yield from self.judge_shape(name)
        yield from self.judge_macros()


def main():
    headers = Headers(sys.argv[1])
    wrong = list(headers.judge())
    print("\n".join(wrong) if wrong else f"{len(headers.texts)} headers keep to their floors")
    return 1 if wrong or not headers.texts else 0


if __name__ == "__main__":
    sys.exit(main())
