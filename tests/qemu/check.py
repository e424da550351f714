"""What the end-to-end tests compare. Each function raises Failure, or returns."""

import re
import struct


class Failure(Exception):
    """Something was heard, recorded, counted or timed wrongly."""


def first_difference(left, right):
    """The offset of the first byte that differs; the shorter length where none does."""
    length = min(len(left), len(right))
    if left[:length] == right[:length]:
        return length
    low, high = 0, length  # left[:low] is equal, left[:high] is not
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return low


def begins_with(output, wanted, frame_bytes, what):
    """`output` starts with all of `wanted`, bit by bit."""
    at = first_difference(output, wanted)
    if at == len(wanted):
        return
    frame, frames = at // frame_bytes, len(wanted) // frame_bytes
    if at == len(output):
        raise Failure(f"{what}: ends after {frame} of {frames} frames")
    raise Failure(f"{what}: differs at frame {frame} of {frames} (byte {at})")


def played(output, wanted, frame_bytes, silence):
    """The output is the whole input, and then nothing but silence."""
    if not wanted:
        raise Failure("played: there was nothing to play")
    begins_with(output, wanted, frame_bytes, "played")
    tail = output[len(wanted):]
    quiet = (silence * (len(tail) // len(silence) + 1))[: len(tail)]
    if tail != quiet:
        at = first_difference(tail, quiet) // frame_bytes
        raise Failure(f"played: sound {at} frames after the end of the input")


def captured(recording, source, frame_bytes, frames):
    """The recording is the beginning of the source, `frames` long."""
    if len(recording) != frames * frame_bytes or not recording:
        raise Failure(f"captured: {len(recording) // frame_bytes} frames instead of {frames}")
    if len(source) < len(recording):
        raise Failure("captured: the source is shorter than the recording")
    begins_with(recording, source[: len(recording)], frame_bytes, "captured")


def on_time(start_ns, end_ns, frames, rate, late_ns=0):
    """START to the last completion takes what the frames last, within 2 % + 30 ms.

    A guest that was late by `late_ns` may take longer by as much: the device catches up where its
    backend lets it."""
    nominal = frames / rate
    slack = nominal * 0.02 + 0.030
    least, most = nominal - slack, nominal + slack + late_ns / 1e9
    taken = (end_ns - start_ns) / 1e9
    if not least <= taken <= most:
        raise Failure(f"time: took {taken:.4f} s instead of {least:.4f} to {most:.4f} s")
    return taken


def held_up(start_ns, end_ns, frames, most_per_tick, tick_us):
    """A backend that takes `most_per_tick` frames at each tick of its timer holds the stream up,
    and it loses a tick in twenty at most, when it falls so far behind that it starts anew."""
    least = frames / most_per_tick * tick_us / 1e6
    taken = (end_ns - start_ns) / 1e9
    if not least - 0.030 <= taken <= least * 1.05 + 0.030:
        raise Failure(f"time: took {taken:.4f} s, held up by the backend {least:.4f} s")
    return taken


def at_most(what, count, periods, limit):
    """`count` events are at most `limit` per period; an event that never came is a failure too."""
    if count == 0:
        raise Failure(f"{what}: none were seen")
    if count / periods > limit:
        raise Failure(f"{what}: {count / periods:.3f} per period, limit {limit}")
    return count / periods


def wav_payload(data):
    """The samples of a WAV file; QEMU leaves the lengths at 0 where it was ended hard."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise Failure("played: the output is not a WAV file")
    at = 12
    while at + 8 <= len(data):
        name, length = data[at: at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"data":
            return data[at + 8: at + 8 + length] if length else data[at + 8:]
        at += 8 + length + length % 2
    raise Failure("played: the WAV file has no data")


def console_values(text):
    """The kernel's lines of key=value."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def queue_counts(trace):
    """Per queue number: doorbells, and interrupts, as QEMU's trace log shows them."""
    doorbells, interrupts, queues = {}, {}, {}
    for line in trace.splitlines():
        words = line.split()
        if ":virtio_queue_notify " in line:
            number = int(words[words.index("n") + 1])
            queues[words[words.index("vq") + 1]] = number
            doorbells[number] = doorbells.get(number, 0) + 1
        elif ":virtio_notify " in line:
            number = queues.get(words[words.index("vq") + 1], -1)
            interrupts[number] = interrupts.get(number, 0) + 1
    return doorbells, interrupts


def pcm_commands(trace):
    """The PCM commands that changed a stream's state, in order, by their names."""
    names = re.findall(r"virtio_snd_handle_code .*VIRTIO_SND_R_PCM_(\w+)", trace)
    return [name for name in names if name != "INFO"]


def canonical(commands):
    """One stream's life as the specification draws it, and nothing else."""
    wanted = ["SET_PARAMS", "PREPARE", "START", "STOP", "RELEASE"]
    if commands != wanted:
        raise Failure(f"PCM commands: {' '.join(commands)} instead of {' '.join(wanted)}")
