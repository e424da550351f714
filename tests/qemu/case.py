"""What one end-to-end test is about: its command line, and the kernel's."""

import argparse
import dataclasses
import pathlib

import machine
import noise

SEED = 20260


@dataclasses.dataclass
class Part:
    """What happens on one stream, or on one of each direction; several do at the same time."""

    mode: str
    card: int
    stream: int  # which one of its direction
    period: int  # frames
    count: int  # periods in the buffer
    frames: int
    format: str
    rate: int
    channels: int
    seed: int

    @property
    def plays(self):
        return self.mode in ("play", "both")

    @property
    def records(self):
        return self.mode in ("record", "both")

    @property
    def frame_bytes(self):
        return noise.FORMATS[self.format][0] * self.channels

    def words(self):
        """As the kernel's command line says it."""
        values = dataclasses.asdict(self)
        return " ".join(f"{name}={value}" for name, value in values.items())


def also(first, words, index):
    """Another part: `first` with changes, such as `mode=play stream=1 rate=44100`."""
    changes = dict(word.split("=", 1) for word in words.split())
    kinds = {field.name: field.type for field in dataclasses.fields(Part)}
    changes = {name: kinds[name](value) for name, value in changes.items()}
    return dataclasses.replace(first, seed=SEED + index, **changes)


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("mode", choices=["play", "record", "both"])
    parser.add_argument("--kernel", type=pathlib.Path, required=True)
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--machine", choices=machine.MACHINES, default="x86_64-pci")
    parser.add_argument("--backend", choices=["wav", "alsa"], default="wav")
    parser.add_argument("--period", type=int, default=1024, help="frames")
    parser.add_argument("--count", type=int, default=4, help="periods in the buffer")
    parser.add_argument("--frames", type=int, default=96000)
    parser.add_argument("--format", choices=noise.FORMATS, default="s16")
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--channels", type=int, choices=[1, 2], default=2)
    parser.add_argument("--stream", type=int, default=0, help="which one of its direction")
    parser.add_argument("--also", metavar="CHANGES", action="append", default=[],
                        help="at the same time: what differs, such as 'stream=1 rate=44100'")
    parser.add_argument("--streams", type=int, default=2,
                        help="of each device, half of them output")
    parser.add_argument("--policy", default="each", help="each, or batched4 and the like")
    parser.add_argument("--interrupts", choices=["msix", "intx", "polled"])
    parser.add_argument("--ring", choices=["split", "packed"], default="split")
    for feature in machine.RING_FEATURES:
        parser.add_argument(f"--no-{feature.replace('_', '-')}", dest=feature,
                            action="store_false", help="the device does not offer it")
    parser.add_argument("--iommu-platform", action="store_true",
                        help="the device demands ACCESS_PLATFORM")
    parser.add_argument("--late-ms", type=int, default=0, help="interrupts off, once, that long")
    parser.add_argument("--max-doorbells", type=float, help="per period, on the data queue")
    parser.add_argument("--max-interrupts", type=float, help="per period, of the data queue")
    parser.add_argument("--bars", choices=machine.BARS, default="low", help="the registers' place")
    parser.add_argument("--tick-us", type=int, default=10000, help="of QEMU's audio timer")
    parser.add_argument("--most-per-tick", type=int, metavar="FRAMES",
                        help="passes only if as late as a backend is that takes no more")
    parser.add_argument("--log-says", metavar="TEXT", help="and only if QEMU says so")
    parser.add_argument("--real-time", action="store_true", help="without icount: a sanity check")
    parser.add_argument("--fails-with", metavar="TEXT", help="passes only if it fails saying so")
    case = parser.parse_args()
    return completed(case)


def completed(case):
    """With what follows from the arguments."""
    if case.interrupts is None:
        case.interrupts = machine.MACHINES[case.machine].interrupts
    names = [field.name for field in dataclasses.fields(Part)]
    given = {name: getattr(case, name) for name in names if name not in ("card", "seed")}
    first = Part(card=0, seed=SEED, **given)
    others = [also(first, words, index) for index, words in enumerate(case.also, 1)]
    case.parts = [first, *others]
    heard = {(part.card, part.format, part.channels) for part in case.parts if part.records}
    assert len(heard) == len({card for card, _, _ in heard}), "a card has one source for all"
    case.cards = 1 + max(part.card for part in case.parts)
    if any(part.records for part in case.parts):
        case.backend = "alsa"
    case.traced = case.max_doorbells is not None or case.max_interrupts is not None
    for_all = (
        f"policy={case.policy} interrupts={case.interrupts} ring={case.ring}"
        f" late_ms={case.late_ms}"
    )
    case.command_line = " also ".join([f"{for_all} {first.words()}", *map(Part.words, others)])
    return case
