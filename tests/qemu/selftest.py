"""Shows that the comparisons of the end-to-end tests can fail: each gets damaged data here."""

import struct
import unittest

import case
import check
import noise
import table

FRAME = 4
INPUT = noise.make(7, 2000, "s16")  # 1000 frames of stereo
SILENCE = b"\x00\x00"


class Noise(unittest.TestCase):
    def test_first_values_of_xorshift32(self):
        self.assertEqual(list(noise.values(1, 3)), [270369, 67634689, 2647435461])

    def test_every_format_has_its_size(self):
        for name, (size, silence) in noise.FORMATS.items():
            self.assertEqual(len(noise.make(3, 100, name)), 100 * size)
            self.assertEqual(len(silence), size)

    def test_floats_lie_between_minus_one_and_one(self):
        numbers = struct.unpack("<1000f", noise.make(5, 1000, "float"))
        self.assertTrue(all(-1 <= number <= 1 for number in numbers))
        self.assertTrue(any(number < 0 for number in numbers))
        self.assertTrue(all(number * 32768 == int(number * 32768) for number in numbers))

    def test_doubled(self):
        self.assertEqual(noise.doubled(b"aabb", 2), b"aaaabbbb")

    def test_on_the_left(self):
        self.assertEqual(noise.on_the_left(b"aabb", "s16"), b"aa\0\0bb\0\0")
        self.assertEqual(noise.on_the_left(b"ab", "u8"), b"a\x7fb\x7f")
        self.assertEqual(noise.mixer_zero("u32"), b"\xff\xff\xff\x7f")


class Parts(unittest.TestCase):
    FIRST = case.Part("both", 0, 0, 256, 8, 96000, "s16", 48000, 2, case.SEED)

    def test_another_part_differs_in_what_is_said_and_in_its_noise(self):
        other = case.also(self.FIRST, "mode=play rate=44100 stream=1", 1)
        self.assertEqual((other.plays, other.records, other.rate), (True, False, 44100))
        self.assertEqual((other.period, other.frame_bytes), (256, 4))
        self.assertNotEqual(other.seed, self.FIRST.seed)
        self.assertIn("mode=play card=0 stream=1 period=256 count=8", other.words())


class Played(unittest.TestCase):
    def fails(self, output, words):
        with self.assertRaisesRegex(check.Failure, words):
            check.played(output, INPUT, FRAME, SILENCE)

    def test_exact_passes(self):
        check.played(INPUT, INPUT, FRAME, SILENCE)
        check.played(INPUT + SILENCE * 960, INPUT, FRAME, SILENCE)

    def test_flipped_bit(self):
        for at in (0, 1, 1999, len(INPUT) - 1):
            damaged = bytearray(INPUT)
            damaged[at] ^= 1
            self.fails(bytes(damaged), f"frame {at // FRAME} of")

    def test_lost_tail(self):
        self.fails(INPUT[: -480 * FRAME], "ends after 520 of 1000")
        self.fails(INPUT[: -480 * FRAME] + bytes(480 * FRAME), "differs at frame 520")

    def test_lost_last_frame(self):
        self.fails(INPUT[:-FRAME], "ends after 999")

    def test_gap_of_silence(self):
        self.fails(INPUT[:400] + bytes(40) + INPUT[400:], "differs at frame 100")

    def test_lost_period(self):
        self.fails(INPUT[:1024] + INPUT[2048:], "differs at frame 256")

    def test_doubled_period(self):
        self.fails(INPUT[:2048] + INPUT[1024:], "differs at frame 512")

    def test_late_start(self):
        self.fails(bytes(4) + INPUT, "differs at frame 0")

    def test_sound_after_the_end(self):
        self.fails(INPUT + SILENCE * 200 + INPUT[:64], "sound 100 frames after")

    def test_nothing(self):
        self.fails(b"", "ends after 0")
        with self.assertRaises(check.Failure):
            check.played(b"", b"", FRAME, SILENCE)

    def test_unsigned_silence(self):
        check.played(b"ab\x80\x80", b"ab", 1, b"\x80")
        with self.assertRaises(check.Failure):
            check.played(b"ab\x00\x00", b"ab", 1, b"\x80")


class Captured(unittest.TestCase):
    def test_exact_passes(self):
        check.captured(INPUT[:2000], INPUT, FRAME, 500)

    def test_damage(self):
        damaged = bytearray(INPUT)
        damaged[1500] ^= 0x40
        cases = [
            (bytes(damaged), "differs at frame 375"),
            (INPUT[:-FRAME], "999 frames instead of 1000"),
            (INPUT[FRAME:] + bytes(FRAME), "differs at frame 0"),
            (INPUT[:1000] + INPUT[:1000] + INPUT[2000:], "differs at frame 250"),
            (b"", "0 frames"),
        ]
        for recording, words in cases:
            with self.assertRaisesRegex(check.Failure, words):
                check.captured(recording, INPUT, FRAME, 1000)

    def test_source_too_short(self):
        with self.assertRaisesRegex(check.Failure, "source is shorter"):
            check.captured(INPUT, INPUT[:-4], FRAME, 1000)


class OnTime(unittest.TestCase):
    def test_bounds(self):
        second = 10**9
        check.on_time(5, 5 + 2 * second, 96000, 48000)
        check.on_time(0, 2 * second + 69 * 10**6, 96000, 48000)
        check.on_time(0, 2 * second - 69 * 10**6, 96000, 48000)
        for taken in (0, second, 2 * second + 71 * 10**6, 2 * second - 71 * 10**6):
            with self.assertRaisesRegex(check.Failure, "took"):
                check.on_time(0, taken, 96000, 48000)

    def test_late_guest_may_take_longer(self):
        for taken in (2_000_000_000, 2_300_000_000):
            check.on_time(0, taken, 96000, 48000, 300 * 10**6)
        for taken in (1_900_000_000, 2_400_000_000):
            with self.assertRaises(check.Failure):
                check.on_time(0, taken, 96000, 48000, 300 * 10**6)


class HeldUp(unittest.TestCase):
    def test_bounds(self):
        ms = 10**6
        for taken in (1000, 1050):  # 100 ticks of 10 ms, or five more
            check.held_up(0, taken * ms, 102400, 1024, 10000)
        for taken in (500, 960, 1090):
            with self.assertRaisesRegex(check.Failure, "held up"):
                check.held_up(0, taken * ms, 102400, 1024, 10000)


class Counts(unittest.TestCase):
    TRACE = """9@1.5:virtio_queue_notify vdev 0xa n 0 vq 0x10
9@1.6:virtio_notify vdev 0xa vq 0x10
9@1.7:virtio_queue_notify vdev 0xa n 2 vq 0x12
9@1.7:virtio_pci_notify_write 0x8 val 0x2 (2)
9@1.8:virtio_queue_notify vdev 0xa n 2 vq 0x12
9@1.9:virtio_notify vdev 0xa vq 0x12
"""

    def test_per_queue(self):
        doorbells, interrupts = check.queue_counts(self.TRACE)
        self.assertEqual(doorbells, {0: 1, 2: 2})
        self.assertEqual(interrupts, {0: 1, 2: 1})

    def test_commands(self):
        line = "9@1.5:virtio_snd_handle_code ctrl code msg val = 257 == VIRTIO_SND_R_PCM_%s\n"
        life = ["SET_PARAMS", "PREPARE", "START", "STOP", "RELEASE"]
        trace = "".join(line % name for name in ["INFO", *life])
        self.assertEqual(check.pcm_commands(trace), life)
        check.canonical(life)
        for wrong in ([], life[:-1], life + life, ["SET_PARAMS", *life]):
            with self.assertRaises(check.Failure):
                check.canonical(wrong)

    def test_limit(self):
        self.assertEqual(check.at_most("doorbells", 50, 100, 0.5), 0.5)
        for count in (0, 51, 100):
            with self.assertRaises(check.Failure):
                check.at_most("doorbells", count, 100, 0.5)


class Table(unittest.TestCase):
    def run_of(self, machine, extras, *exact):
        lines = ["QEMU emulator version 10.0.2 (x)", f"case: {machine} split {extras}", *exact]
        return "\n".join(lines)

    def test_counts_what_passed(self):
        lines = table.make([
            (self.run_of("a-pci", "plain", "exact: play s16 48000 2"), True),
            (self.run_of("a-pci", "plain", "exact: record s16 48000 2"), True),
            (self.run_of("a-pci", "event_idx", "exact: play u8 384000 1"), False),
            ("skipped: no QEMU", False),
        ])
        words = [line.split() for line in lines]
        self.assertIn("end to end on QEMU 10.0.2: a-pci".split(), words)
        self.assertIn("a-pci - 0 of 1 - 2 - - - -".split(), words)
        self.assertIn("48000 - - 2 of 4 - - - -".split(), words)


class Files(unittest.TestCase):
    def wav(self, payload, length):
        return b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0abcddata" + struct.pack("<I", length) + payload

    def test_wav(self):
        self.assertEqual(check.wav_payload(self.wav(INPUT, len(INPUT))), INPUT)
        self.assertEqual(check.wav_payload(self.wav(INPUT, 0)), INPUT)
        for broken in (b"", b"RIFF", self.wav(b"", 0)[:20]):
            with self.assertRaises(check.Failure):
                check.wav_payload(broken)

    def test_console(self):
        values = check.console_values("noise\r\nframes=12\r\ncommand_line=a=1 b=2\n")
        self.assertEqual(values, {"frames": "12", "command_line": "a=1 b=2"})


if __name__ == "__main__":
    unittest.main()
