"""One end-to-end test: a bare-metal kernel plays or records on QEMU's virtio sound device.

Exit status 0: passed. 1: failed. 77: skipped, QEMU is missing or too old."""

import pathlib
import sys

import case as cases
import check
import machine
import noise

# Before the kernel's keys of what is not the first: cards, and streams of a direction.
PREFIXES = ("", "second_", "third_", "fourth_")


def number(values, key):
    if not values.get(key, "").isdigit():
        raise check.Failure(f"the kernel did not print {key}")
    return int(values[key])


def check_time(case, part, values, key):
    start, end = number(values, f"{key}_start_ns"), number(values, f"{key}_last_ns")
    if case.real_time:  # a busy host may be late, but sound is never faster than its clock
        taken, nominal = (end - start) / 1e9, part.frames / part.rate
        if not nominal * 0.95 - 0.05 <= taken <= nominal * 3 + 5:
            raise check.Failure(f"time: {taken:.3f} s for {nominal:.3f} s of sound")
    elif case.most_per_tick:
        taken = check.held_up(start, end, part.frames, case.most_per_tick, case.tick_us)
    else:
        taken = check.on_time(start, end, part.frames, part.rate, case.late_ms * 10**6)
    print(f"{key}: {taken:.4f} s for {part.frames / part.rate:.4f} s of sound")


def check_stream(case, part, values, key):
    if number(values, f"{key}_frames") != part.frames:
        raise check.Failure(f"{key}: {values[f'{key}_frames']} of {part.frames} frames")
    check_time(case, part, values, key)
    if case.late_ms and number(values, "late_ns") < case.late_ms * 10**6:
        raise check.Failure("the guest was not late")
    if case.late_ms or case.real_time or case.most_per_tick:
        return
    for fault in ("starved", "xruns", "io_errors", "bad_lengths"):
        if number(values, f"{key}_{fault}") != 0:
            raise check.Failure(f"{key}: {fault} {values[f'{key}_{fault}']} times")


def check_transport(case, values):
    """The kernel drove the device over the transport, by the rings, that the case is about."""
    wanted = machine.MACHINES[case.machine].transport
    if values.get("transport") != wanted:
        raise check.Failure(f"the transport is {values.get('transport')} instead of {wanted}")
    if values.get("ring") != case.ring:
        raise check.Failure(f"the rings are {values.get('ring')} instead of {case.ring}")
    check_features(case, values)


def check_features(case, values):
    """What was negotiated for the rings is what the devices offer in this case."""
    wanted = {bit: getattr(case, name) for name, bit in machine.RING_FEATURES.items()}
    wanted[machine.PACKED_BIT] = case.ring == "packed"
    wanted[machine.ACCESS_PLATFORM_BIT] = case.iommu_platform
    for prefix in PREFIXES[: case.cards]:
        if f"{prefix}features" not in values:
            raise check.Failure("the kernel did not print features")
        accepted = int(values[f"{prefix}features"], 16)
        wrong = [bit for bit, on in wanted.items() if accepted >> bit & 1 != on]
        if wrong:
            raise check.Failure(f"the driver accepted {accepted:#x}: wrong bits {wrong}")


def check_bars(case, values):
    if "bar" not in values:
        raise check.Failure("the kernel did not print bar")
    at = int(values["bar"], 16)
    if (at >= 1 << 32) != (case.bars == "high"):
        raise check.Failure(f"the registers lie at {at:#x}, not {case.bars}")


def check_played(case, part, key, directory):
    """Returns how many frames were played, the silence after the end included."""
    if case.backend == "wav":
        output = check.wav_payload((directory / f"played{part.card}.wav").read_bytes())
    else:
        name = f"played{part.card}-{part.rate}-{noise.alsa_name(part.format)}.raw"
        output = (directory / name).read_bytes()
    wanted = noise.make(part.seed, part.frames * part.channels, part.format)
    sample_bytes, silence = noise.FORMATS[part.format]
    frame_bytes = part.frame_bytes
    if part.channels == 1:  # both of the host's channels carry the sample
        wanted = noise.doubled(wanted, sample_bytes)
        frame_bytes *= 2
    check.played(output, wanted, frame_bytes, silence)
    tail = (len(output) - len(wanted)) // frame_bytes
    print(f"{key}: {part.frames} frames bit-exact, then {tail} frames of silence")
    return part.frames + tail


def check_captured(part, values, key, directory):
    with open(directory / "ram.bin", "rb") as memory:
        memory.seek(number(values, f"{key}_offset"))
        recording = memory.read(number(values, f"{key}_bytes"))
    check.captured(recording, source_of(part), part.frame_bytes, part.frames)
    print(f"{key}: {part.frames} frames bit-exact, from the first of the source")
    return part.frames


def check_counts(case, moved_periods, directory):
    """Doorbells and interrupts for each period that moved, the silence of the drain included."""
    trace = (directory / "trace.log").read_text()
    doorbells, interrupts = check.queue_counts(trace)
    way = "play" if moved_periods["play"] else "record"
    queue, periods = {"play": 2, "record": 3}[way], moved_periods[way]
    for what, counts, limit in (("doorbells", doorbells, case.max_doorbells),
                                ("interrupts", interrupts, case.max_interrupts)):
        if limit is not None:
            rate = check.at_most(what, counts.get(queue, 0), periods, limit)
            print(f"{way}: {rate:.3f} {what} per period")
    if case.mode != "both" and len(case.parts) == 1:
        check.canonical(check.pcm_commands(trace))


def source_of(part):
    """What a card hears; every stream of it hears the same."""
    samples = (part.frames + part.rate // 5) * part.channels
    return noise.make(cases.SEED - 1 - part.card, samples, part.format)


def write_sources(case, directory):
    """Longer than the recording: at its end ALSA's plugin repeats stale data."""
    for card in range(case.cards):
        for part in machine.parts_of(case, card, "in"):
            source, path = source_of(part), directory / f"source{card}.raw"
            if part.channels == 1:
                source = noise.on_the_left(source, part.format)
            if not path.exists() or path.stat().st_size < len(source):
                path.write_bytes(source)


def check_console(case, text):
    """What does not depend on the parts. Returns what the kernel printed."""
    values = check.console_values(text)
    if values.get("result") != "ok":
        raise check.Failure(f"the kernel says {values.get('result', 'nothing')}; console:\n{text}")
    check_transport(case, values)
    if values["transport"] == "pci":
        check_bars(case, values)
    for prefix in PREFIXES[: case.cards]:
        for fault in ("unknown_ids", "late_answers"):
            if number(values, prefix + fault) != 0:
                raise check.Failure(f"the driver counted {fault}: {values[prefix + fault]}")
    return values


def perform(case, directory):
    write_sources(case, directory)
    values = check_console(case, machine.run(case, directory))
    streams = {"play": 0, "record": 0}
    periods = {"play": 0, "record": 0}
    for part in case.parts:
        for way, taken in (("play", part.plays), ("record", part.records)):
            if not taken:
                continue
            key = PREFIXES[streams[way]] + way
            streams[way] += 1
            check_stream(case, part, values, key)
            if way == "play":
                moved = check_played(case, part, key, directory)
            else:
                moved = check_captured(part, values, key, directory)
            periods[way] += -(-moved // part.period)
            if not (case.late_ms or case.real_time or case.most_per_tick):
                print(f"exact: {way} {part.format} {part.rate} {part.channels}")
    if case.traced:
        check_counts(case, periods, directory)


def describe(case):
    """For the table of what ran."""
    extras = [name for name in machine.RING_FEATURES if getattr(case, name)]
    return f"case: {case.machine} {case.ring} {'+'.join(extras) or 'plain'}"


def main():
    case = cases.arguments(__doc__)
    directory = case.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.iterdir():
        old.unlink()
    program = machine.MACHINES[case.machine].program
    try:
        print(machine.version(program))
        print(describe(case))
        if case.backend == "alsa" and not machine.has_audio_backend(program, "alsa"):
            raise machine.Skip(f"{program} was built without ALSA")
        perform(case, directory)
    except machine.Skip as reason:
        print(f"skipped: {reason}")
        return machine.SKIP
    except check.Failure as failure:
        expected = case.fails_with is not None and str(failure).startswith(case.fails_with)
        if expected and case.log_says and case.log_says not in machine.log(directory):
            failure, expected = f"QEMU does not say: {case.log_says}", False
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
