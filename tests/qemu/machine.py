"""Starts QEMU on one of the bare-metal kernels."""

import os
import pathlib
import re
import subprocess
from typing import NamedTuple

OLDEST = (8, 2)  # the first QEMU with a virtio sound device
SKIP = 77  # ctest's "skipped"

MEMORY_MIB = 128
TIMEOUT_S = 120

# Where the device's registers lie: as the usual firmware places them; above 4 GiB; or nowhere, as
# a firmware leaves them that knows no PCI, so that the kernel must place them itself.
BARS = {
    "low": [],
    "high": ["-cpu", "max"],
    "unassigned": ["-bios", "qboot.rom"],
}

OVER_PCI = "virtio-sound-pci,ioeventfd=off"
OVER_MMIO = "virtio-sound-device"
MODERN_MMIO = ["-global", "virtio-mmio.force-legacy=false", "-global", "virtio-mmio.ioeventfd=off"]
MICROVM = ["-machine", "microvm,acpi=off,auto-kernel-cmdline=off"]
ARM = ["-cpu", "cortex-a57", "-machine", "virt"]
RISC_V = ["-bios", "none", "-machine", "virt"]


class Machine(NamedTuple):
    """What the machines differ in. The last of the options is the machine's name."""

    program: str
    options: list
    device: str
    transport: str
    interrupts: str  # where none are asked for


MACHINES = {
    "x86_64-pci": Machine("qemu-system-x86_64", ["-machine", "q35"], OVER_PCI, "pci", "msix"),
    "x86_64-mmio": Machine("qemu-system-x86_64", MODERN_MMIO + MICROVM, OVER_MMIO, "mmio", "intx"),
    "aarch64-pci": Machine("qemu-system-aarch64", ARM, OVER_PCI, "pci", "msix"),
    "aarch64-mmio": Machine("qemu-system-aarch64", MODERN_MMIO + ARM, OVER_MMIO, "mmio", "intx"),
    "aarch64-legacy": Machine("qemu-system-aarch64", ARM, OVER_MMIO, "mmio", "intx"),
    "riscv64-pci": Machine("qemu-system-riscv64", RISC_V, OVER_PCI, "pci", "intx"),
    "riscv64-mmio": Machine("qemu-system-riscv64", MODERN_MMIO + RISC_V, OVER_MMIO, "mmio", "intx"),
}

# What a ring can have, by the name of the device's property, and the feature bit.
RING_FEATURES = {"indirect_desc": 28, "event_idx": 29}
PACKED_BIT = 34
ACCESS_PLATFORM_BIT = 33

TRACED = ["virtio_queue_notify", "virtio_notify", "virtio_pci_notify_write", "virtio_snd_*"]


class Skip(Exception):
    """This machine cannot run the test; the text says why."""


def version(program):
    """QEMU's version line. Raises Skip where there is none, or where it is too old."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Skip(f"{program} does not run here ({error})") from error
    line = answer.stdout.splitlines()[0]
    found = re.search(r"version (\d+)\.(\d+)", line)
    if not found or tuple(map(int, found.groups())) < OLDEST:
        raise Skip(f"{line}: older than 8.2, has no virtio sound device")
    return line


def has_audio_backend(program, name):
    answer = subprocess.run([program, "-audiodev", "help"], capture_output=True, text=True)
    return name in answer.stdout.split()


def parts_of(case, card, way):
    """What plays (`out`) on a card, or records (`in`)."""
    of_way = [part for part in case.parts if (part.plays if way == "out" else part.records)]
    return [part for part in of_way if part.card == card]


def sound_format(case, card, way):
    """Exactly the stream's, or QEMU resamples; but mono is exact on two channels only. Streams of
    different rates or formats have a voice for each, which follows the stream."""
    parts = parts_of(case, card, way) or case.parts
    if len({(part.rate, part.format) for part in parts}) > 1:
        return f"{way}.fixed-settings=off,{way}.voices={case.streams}"
    first = parts[0]
    name = "f32" if first.format == "float" else first.format
    channels = max(first.channels, 2)
    return f"{way}.frequency={first.rate},{way}.format={name},{way}.channels={channels}"


def wav_backend(case, card, directory):
    path = directory / f"played{card}.wav"
    tick = f"timer-period={case.tick_us}"
    return f"wav,id=a{card},path={path},{tick},{sound_format(case, card, 'out')}"


def alsa_configuration(case, directory):
    """For each card a PCM that writes a file, named after rate and format, and one that reads."""
    lines = ["pcm.null { type null }"]
    for card in range(case.cards):
        lines += [
            'pcm.playfile%d { type file slave.pcm "null" file "%s" format "raw" }'
            % (card, directory / f"played{card}-%r-%f.raw"),
            'pcm.capfile%d { type file slave.pcm "null" file "/dev/null" infile "%s" format "raw" }'
            % (card, directory / f"source{card}.raw"),
        ]
    return "\n".join(lines) + "\n"


def alsa_backend(case, card, _directory):
    """ALSA's file plugin: the only way to feed a capture stream, and the only exact one for
    32-bit samples. The 10 ms buffer is one tick of QEMU's audio timer."""
    words = [f"alsa,id=a{card}"]
    for way, device in (("out", f"playfile{card}"), ("in", f"capfile{card}")):
        words += [
            f"{way}.dev={device if parts_of(case, card, way) else 'null'}",
            f"{way}.try-poll=off", f"{way}.buffer-length=10000", f"{way}.period-length=5000",
            sound_format(case, card, way),
        ]
    return ",".join(words)


def device_properties(case):
    offered = {"packed": case.ring == "packed", "iommu_platform": case.iommu_platform}
    offered.update((name, getattr(case, name)) for name in RING_FEATURES)
    return ",".join(f"{name}={'on' if on else 'off'}" for name, on in offered.items())


def command(case, directory):
    program, machine, device, transport = MACHINES[case.machine][:4]
    backend = alsa_backend if case.backend == "alsa" else wav_backend
    mib = 4096 if case.bars == "high" else MEMORY_MIB  # a large machine: the firmware goes high
    memory = f"memory-backend-file,id=m,size={mib}M,mem-path={directory / 'ram.bin'},share=on"
    machine = machine[:-1] + [machine[-1] + ",memory-backend=m"]
    words = [program, *machine, *BARS[case.bars], "-m", str(mib), "-object", memory]
    words += ["-accel", "tcg", "-display", "none", "-nodefaults", "-no-reboot"]
    words += ["-serial", f"file:{directory / 'console.log'}"]
    words += ["-kernel", str(case.kernel), "-append", case.command_line]
    properties = f"streams={case.streams},{device_properties(case)}"
    in_order = range(case.cards)
    for card in reversed(in_order) if transport == "mmio" else in_order:  # the last place first
        words += ["-audiodev", backend(case, card, directory)]
        words += ["-device", f"{device},audiodev=a{card},{properties}"]
    if not case.real_time:
        words += ["-icount", "shift=1,sleep=off"]
    if case.traced:
        for event in TRACED:
            words += ["-trace", event]
        words += ["-msg", "timestamp=on", "-D", str(directory / "trace.log")]
    return words


def run(case, directory):
    """Runs the kernel to its end. Returns what stands on the console."""
    environment = dict(os.environ)
    if case.backend == "alsa":
        environment["ALSA_CONFIG_PATH"] = str(directory / "asound.conf")
        (directory / "asound.conf").write_text(alsa_configuration(case, directory))
    words = command(case, directory)
    (directory / "command.txt").write_text(" ".join(map(str, words)) + "\n")
    console = pathlib.Path(directory / "console.log")
    try:
        answer = subprocess.run(
            words, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment
        )
    except subprocess.TimeoutExpired:
        return (console.read_text(errors="replace") if console.exists() else "") + "result=no end\n"
    (directory / "qemu.log").write_text(answer.stdout + answer.stderr)
    text = console.read_text(errors="replace") if console.exists() else ""
    if answer.returncode != 0:
        text += f"result=QEMU exited with {answer.returncode}: {answer.stderr.strip()}\n"
    return text


def log(directory):
    """What QEMU itself had to say."""
    return (directory / "qemu.log").read_text()
