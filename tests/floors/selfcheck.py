"""Shows that floors.py refuses what it must refuse: one bad header each, one message each."""

import pathlib
import sys
import tempfile

from floors import Headers

# A small tree without a fault. Forbidden words in comments and strings are no fault.
GOOD = {
    "base/types.hpp": "#include <stdint.h>\n// min, max, status\n",
    "base/status.hpp": "#include <vsnd/base/types.hpp>\n",
    "wire/sound.hpp": "#include <vsnd/base/status.hpp>\nstatic_assert(sizeof(int) == 4, \"max\");\n",
    "pcm/formats.hpp": "#include <vsnd/wire/sound.hpp>\ninline int rate = 48'000;\n",
    "port/queue.hpp": "#include <vsnd/base/types.hpp>\n",
    "port/skeleton.hpp": "#include <vsnd/pcm/formats.hpp>\n",
    "ring/split_queue.hpp": "#include <vsnd/port/queue.hpp>\n",
    "transport/pci.hpp": "#include <vsnd/ring/split_queue.hpp>\n",
    "sound/card.hpp": "#include <vsnd/port/queue.hpp>\n#include <vsnd/pcm/formats.hpp>\n",
    "model/device.hpp": "#include <vector>\n#include <vsnd/wire/sound.hpp>\nint assert_ = 0;\n",
    "vsnd.hpp": "#include <vsnd/sound/card.hpp>\n",
    "fmt.hpp": "#include <fmt/format.h>\n#include <vsnd/sound/card.hpp>\n"
               "#include <vsnd/model/device.hpp>\n",
}

# Header, what it holds instead, and the whole of what must be said about it.
BAD = [
    ("base/types.hpp", "#include <vsnd/wire/sound.hpp>\n", "base must not include wire"),
    ("sound/card.hpp", "#include <vsnd/ring/split_queue.hpp>\n", "sound must not include ring"),
    ("sound/card.hpp", "#include <vsnd/transport/pci.hpp>\n", "sound must not include transport"),
    ("ring/split_queue.hpp", "#include <vsnd/pcm/formats.hpp>\n", "ring must not include pcm"),
    ("ring/split_queue.hpp", "#include <vsnd/port/skeleton.hpp>\n", "must not reach pcm/"),
    ("transport/pci.hpp", "#include <vsnd/sound/card.hpp>\n", "transport must not include sound"),
    ("model/device.hpp", "#include <vsnd/ring/split_queue.hpp>\n", "model must not include ring"),
    ("wire/sound.hpp", "#if 0\n  # include <vector>\n#endif\n", "<vector> is neither"),
    ("wire/sound.hpp", "#include <string.h>\n", "<string.h> is neither"),
    ("wire/sound.hpp", '#include "types.hpp"\n', "write #include <...>"),
    ("wire/sound.hpp", "#include <vsnd/base/absent.hpp>\n", "does not exist"),
    ("model/device.hpp", "#include <fmt/format.h>\n", "only fmt.hpp may include"),
    ("model/device.hpp", "#include <vsnd/fmt.hpp>\n", "model must not include fmt.hpp"),
    ("vsnd.hpp", "#include <vsnd/fmt.hpp>\n", "vsnd.hpp must not include fmt.hpp"),
    ("sound/card.hpp", "#include <vsnd/fmt.hpp>\n", "sound must not include fmt.hpp"),
    ("fmt.hpp", "#include <vsnd/ring/split_queue.hpp>\n", "fmt.hpp must not include ring"),
    ("cellar/wine.hpp", "", "no such floor"),
    ("wire/sound.hpp", "struct s { int status; };\n", "'status' is a macro"),
    ("wire/sound.hpp", "int a = min(1, 2); // why\n", "'min' is a macro"),
    ("pcm/formats.hpp", "inline float gain = 1;\n", "'float' needs more"),
    ("port/queue.hpp", "int* p = new int;\n", "'new' needs more"),
    ("port/queue.hpp", "#define QUEUE 1\n", "does not begin with VSND_"),
    ("port/queue.hpp", "".join(f"#define VSND_{i} 1\n" for i in "ABCD"), "more than 3 macros"),
    ("port/queue.hpp", "\n" * 400, "more than 350 lines"),
]


def judged(files, guard="#pragma once\n"):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root) / "vsnd" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(guard + text, encoding="utf-8")
        return list(Headers(root).judge())


def main():
    failures = []
    if judged(GOOD):
        failures.append(f"the good tree is refused: {judged(GOOD)}")
    if len(judged(GOOD, guard="")) != len(GOOD):
        failures.append("a missing #pragma once is not noticed")
    for name, text, expected in BAD:
        said = [line for line in judged({**GOOD, name: text})]
        if not any(line.startswith(name) and expected in line or
                   line.startswith(expected) for line in said):
            failures.append(f"{name} with {text[:60]!r}: expected '{expected}', got {said}")
    print("\n".join(failures) or f"{len(BAD)} bad headers refused")
    return 1 if failures else 0


sys.exit(main())
