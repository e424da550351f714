"""The test signal, and how samples lie in memory; the kernel's twin is common/noise.hpp."""

import struct

# Bytes of a sample, and the sample that means silence.
FORMATS = {
    "s8": (1, b"\x00"),
    "u8": (1, b"\x80"),
    "s16": (2, b"\x00\x00"),
    "u16": (2, b"\x00\x80"),
    "s32": (4, b"\x00\x00\x00\x00"),
    "u32": (4, b"\x00\x00\x00\x80"),
    "float": (4, b"\x00\x00\x00\x00"),
}


def alsa_name(sample_format):
    """As ALSA's file plugin writes it into a file's name."""
    return sample_format.upper() + ("" if FORMATS[sample_format][0] == 1 else "_LE")


def values(seed, count):
    """xorshift32: `count` numbers of 32 bits."""
    state = seed or 1
    for _ in range(count):
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        yield state


def as_float(value):
    """The upper 16 bits: a sign and 15 bits of magnitude, from -1 to 1."""
    magnitude = (value >> 16 & 0x7FFF) / 32768
    return -magnitude if value >> 31 and magnitude else magnitude


def make(seed, samples, sample_format):
    """`samples` samples of noise as bytes, little-endian."""
    size, _ = FORMATS[sample_format]
    numbers = values(seed, samples)
    if sample_format == "float":
        return struct.pack(f"<{samples}f", *map(as_float, numbers))
    code = {1: "B", 2: "H", 4: "I"}[size]
    shift = 8 * (4 - size)
    return struct.pack(f"<{samples}{code}", *(number >> shift for number in numbers))


def doubled(data, sample_bytes):
    """Mono made stereo: each sample twice."""
    at = range(0, len(data), sample_bytes)
    return b"".join(data[i: i + sample_bytes] * 2 for i in at)


def mixer_zero(sample_format):
    """What adds nothing in QEMU's mixer: of unsigned samples it subtracts one less than half."""
    size, silence = FORMATS[sample_format]
    if sample_format[0] != "u":
        return silence
    return (int.from_bytes(silence, "little") - 1).to_bytes(size, "little")


def on_the_left(data, sample_format):
    """Mono made stereo, for a mixer that adds the two channels up to one."""
    size, right = FORMATS[sample_format][0], mixer_zero(sample_format)
    return b"".join(data[i: i + size] + right for i in range(0, len(data), size))
