"""One end-to-end test: a bare-metal kernel plays or records on QEMU's virtio sound device.

Exit status 0: passed. 1: failed. 77: skipped, QEMU is missing or too old."""

import argparse
import pathlib
import sys

import check
import machine
import noise

SEED = 20260


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["play", "record", "both"])
    parser.add_argument("--kernel", type=pathlib.Path, required=True)
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--machine", choices=machine.MACHINES, default="x86_64")
    parser.add_argument("--backend", choices=["wav", "alsa"], default="wav")
    parser.add_argument("--period", type=int, default=1024, help="frames")
    parser.add_argument("--count", type=int, default=4, help="periods in the buffer")
    parser.add_argument("--frames", type=int, default=96000)
    parser.add_argument("--format", choices=noise.FORMATS, default="s16")
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--channels", type=int, choices=[1, 2], default=2)
    parser.add_argument("--streams", type=int, default=2, help="of the device, half of them output")
    parser.add_argument("--stream", type=int, default=0, help="which one of its direction")
    parser.add_argument("--policy", default="each", help="each, or batched4 and the like")
    parser.add_argument("--interrupts", choices=["msix", "intx", "polled"])
    parser.add_argument("--ring", choices=["split", "packed"], default="split")
    for feature in machine.RING_FEATURES:
        parser.add_argument(f"--no-{feature.replace('_', '-')}", dest=feature,
                            action="store_false", help="the device does not offer it")
    parser.add_argument("--late-ms", type=int, default=0, help="interrupts off, once, that long")
    parser.add_argument("--max-doorbells", type=float, help="per period, on the data queue")
    parser.add_argument("--max-interrupts", type=float, help="per period, of the data queue")
    parser.add_argument("--bars", choices=machine.BARS, default="low", help="the registers' place")
    parser.add_argument("--real-time", action="store_true", help="without icount: a sanity check")
    parser.add_argument("--fails-with", metavar="TEXT", help="passes only if it fails saying so")
    case = parser.parse_args()
    if case.interrupts is None:
        case.interrupts = machine.MACHINES[case.machine].interrupts
    case.plays = case.mode in ("play", "both")
    case.records = case.mode in ("record", "both")
    if case.records:
        case.backend = "alsa"
    case.traced = case.max_doorbells is not None or case.max_interrupts is not None
    case.frame_bytes = noise.FORMATS[case.format][0] * case.channels
    case.command_line = (
        f"mode={case.mode} period={case.period} count={case.count} format={case.format}"
        f" rate={case.rate} channels={case.channels} frames={case.frames} seed={SEED}"
        f" stream={case.stream} policy={case.policy} interrupts={case.interrupts}"
        f" ring={case.ring} late_ms={case.late_ms}"
    )
    return case


def number(values, key):
    if not values.get(key, "").isdigit():
        raise check.Failure(f"the kernel did not print {key}")
    return int(values[key])


def check_time(case, values, way):
    start, end = number(values, f"{way}_start_ns"), number(values, f"{way}_last_ns")
    if case.real_time:  # a busy host may be late, but sound is never faster than its clock
        taken, nominal = (end - start) / 1e9, case.frames / case.rate
        if not nominal * 0.95 - 0.05 <= taken <= nominal * 3 + 5:
            raise check.Failure(f"time: {taken:.3f} s for {nominal:.3f} s of sound")
    else:
        taken = check.on_time(start, end, case.frames, case.rate, case.late_ms * 10**6)
    print(f"{way}: {taken:.4f} s for {case.frames / case.rate:.4f} s of sound")


def check_stream(case, values, way):
    if number(values, f"{way}_frames") != case.frames:
        raise check.Failure(f"{way}: {values[f'{way}_frames']} of {case.frames} frames")
    check_time(case, values, way)
    if case.late_ms and number(values, "late_ns") < case.late_ms * 10**6:
        raise check.Failure("the guest was not late")
    if case.late_ms or case.real_time:
        return
    for fault in ("starved", "xruns", "io_errors", "bad_lengths"):
        if number(values, f"{way}_{fault}") != 0:
            raise check.Failure(f"{way}: {fault} {values[f'{way}_{fault}']} times")


def check_transport(case, values):
    """The kernel drove the device over the transport, by the rings, that the case is about."""
    wanted = machine.MACHINES[case.machine].transport
    if values.get("transport") != wanted:
        raise check.Failure(f"the transport is {values.get('transport')} instead of {wanted}")
    if values.get("ring") != case.ring:
        raise check.Failure(f"the rings are {values.get('ring')} instead of {case.ring}")
    check_features(case, values)


def check_features(case, values):
    """What was negotiated for the rings is what the device offers in this case."""
    if "features" not in values:
        raise check.Failure("the kernel did not print features")
    accepted = int(values["features"], 16)
    wanted = {bit: getattr(case, name) for name, bit in machine.RING_FEATURES.items()}
    wanted[machine.PACKED_BIT] = case.ring == "packed"
    for bit, on in wanted.items():
        if accepted >> bit & 1 != on:
            raise check.Failure(f"the driver accepted {accepted:#x}: bit {bit} is {int(not on)}")


def check_bars(case, values):
    if "bar" not in values:
        raise check.Failure("the kernel did not print bar")
    at = int(values["bar"], 16)
    if (at >= 1 << 32) != (case.bars == "high"):
        raise check.Failure(f"the registers lie at {at:#x}, not {case.bars}")


def check_played(case, directory):
    if case.backend == "wav":
        output = check.wav_payload((directory / "played.wav").read_bytes())
    else:
        output = (directory / "played.raw").read_bytes()
    wanted = noise.make(SEED, case.frames * case.channels, case.format)
    sample_bytes, silence = noise.FORMATS[case.format]
    frame_bytes = case.frame_bytes
    if case.channels == 1:  # both of the host's channels carry the sample
        wanted = noise.doubled(wanted, sample_bytes)
        frame_bytes *= 2
    check.played(output, wanted, frame_bytes, silence)
    tail = (len(output) - len(wanted)) // frame_bytes
    print(f"play: {case.frames} frames bit-exact, then {tail} frames of silence")
    return case.frames + tail


def check_captured(case, values, directory, source):
    with open(directory / "ram.bin", "rb") as memory:
        memory.seek(number(values, "capture_offset"))
        recording = memory.read(number(values, "capture_bytes"))
    check.captured(recording, source, case.frame_bytes, case.frames)
    print(f"record: {case.frames} frames bit-exact, from the first of the source")


def check_counts(case, moved_frames, directory):
    """Doorbells and interrupts for each period that moved, the silence of the drain included."""
    trace = (directory / "trace.log").read_text()
    doorbells, interrupts = check.queue_counts(trace)
    queue, way = (2, "play") if case.plays else (3, "record")
    periods = -(-moved_frames // case.period)
    if case.max_doorbells is not None:
        rate = check.at_most("doorbells", doorbells.get(queue, 0), periods, case.max_doorbells)
        print(f"{way}: {rate:.3f} doorbells per period")
    if case.max_interrupts is not None:
        rate = check.at_most("interrupts", interrupts.get(queue, 0), periods, case.max_interrupts)
        print(f"{way}: {rate:.3f} interrupts per period")
    if case.mode != "both":
        check.canonical(check.pcm_commands(trace))


def perform(case, directory):
    source = b""
    if case.records:  # longer than the recording: at its end ALSA's plugin repeats stale data
        source = noise.make(SEED + 1, 2 * case.frames * case.channels, case.format)
        (directory / "source.raw").write_bytes(source)
    text = machine.run(case, directory)
    values = check.console_values(text)
    if values.get("result") != "ok":
        raise check.Failure(f"the kernel says {values.get('result', 'nothing')}; console:\n{text}")
    check_transport(case, values)
    if values["transport"] == "pci":
        check_bars(case, values)
    for fault in ("unknown_ids", "late_answers"):
        if number(values, fault) != 0:
            raise check.Failure(f"the driver counted {fault}: {values[fault]}")
    for way, taken in (("play", case.plays), ("record", case.records)):
        if taken:
            check_stream(case, values, way)
    moved_frames = case.frames
    if case.plays:
        moved_frames = check_played(case, directory)
    if case.records:
        check_captured(case, values, directory, source)
    if case.traced:
        check_counts(case, moved_frames, directory)


def main():
    case = arguments()
    directory = case.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    program = machine.MACHINES[case.machine].program
    try:
        print(machine.version(program))
        if case.backend == "alsa" and not machine.has_audio_backend(program, "alsa"):
            raise machine.Skip(f"{program} was built without ALSA")
        perform(case, directory)
    except machine.Skip as reason:
        print(f"skipped: {reason}")
        return machine.SKIP
    except check.Failure as failure:
        expected = case.fails_with is not None and str(failure).startswith(case.fails_with)
        print(f"{'failed as it should' if expected else 'failed'}: {failure}")
        return 0 if expected else 1
    finally:
        (directory / "ram.bin").unlink(missing_ok=True)
    if case.fails_with is not None:
        print("failed: passed, though it should not")
        return 1
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
