"""vsnd-play as a user meets it: results on disk, exit statuses, one line for what goes wrong.

    command_line.py VSND_PLAY
"""

import pathlib
import re
import struct
import subprocess
import sys
import tempfile


def wav(data=bytes(range(256)) * 64, rate=44100, channels=2, bits=16, tag=1):
    block = channels * bits // 8
    header = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + header
    body += b"LIST" + struct.pack("<I", 3) + b"odd\0"
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def samples(path):
    """The data chunk of a file that vsnd-play wrote."""
    content = path.read_bytes()
    at = content.index(b"data")
    size = struct.unpack("<I", content[at + 4:at + 8])[0]
    assert content[:4] == b"RIFF" and len(content) >= at + 8 + size
    return content[at + 8:at + 8 + size]


class Player:
    def __init__(self, program, directory):
        self.program = program
        self.directory = pathlib.Path(directory)
        self.out = self.directory / "results"

    def run(self, *words):
        return subprocess.run([self.program, *map(str, words)], capture_output=True, text=True,
                              cwd=self.directory, timeout=300)

    def write(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return path

    def complains(self, *words):
        done = self.run(*words)
        assert done.returncode == 1, (words, done)
        assert done.stderr.count("\n") == 1 and done.stderr.startswith("vsnd-play: "), done
        return done.stderr


def check_melody(player):
    done = player.run("-o", player.out)
    assert done.returncode == 0, done
    assert "bit-exact: yes" in done.stdout and done.stderr == "", done
    for word in ("frames", "periods", "doorbells per period", "interrupts per period", "latency"):
        assert word in done.stdout, word
    assert (player.out / "timeline.svg").read_text().rstrip().endswith("</svg>")
    played = samples(player.out / "played.wav")
    captured = samples(player.out / "captured.wav")
    assert len(captured) > 48000 * 4 * 3
    assert played.startswith(captured) and not any(played[len(captured):])


def check_files(player):
    for name, content, tail in (
            ("plain.wav", wav(), 0),
            ("bytes.wav", wav(rate=8000, channels=1, bits=8), 0x80),
            ("five.wav", wav(rate=96000, channels=5, bits=24, data=b"\1\2\3" * 5 * 3001), 0),
            ("float.wav", wav(bits=32, tag=3), 0)):
        done = player.run(player.write(name, content), "-o", player.out)
        assert done.returncode == 0 and "bit-exact: yes" in done.stdout, done
        data = samples(player.directory / name)
        assert samples(player.out / "captured.wav") == data, name
        played = samples(player.out / "played.wav")
        assert played.startswith(data) and set(played[len(data):]) <= {tail}, name


def check_fault(player):
    done = player.run("--fault", "flip", "-o", player.out)
    assert done.returncode == 1 and "bit-exact: no" in done.stdout, done
    assert "bit-exact: yes" not in done.stdout
    plain = player.write("plain.wav", wav())
    done = player.run(plain, "--fault", "flip", "-o", player.out)
    assert done.returncode == 1 and "bit-exact: no" in done.stdout, done
    data = samples(plain)
    captured = samples(player.out / "captured.wav")
    different = [a ^ b for a, b in zip(data, captured) if a != b]
    assert len(data) == len(captured) and different == [1], different


def check_trace(player):
    """What driver and device said: each request with its answer, the periods folded or not."""
    line = re.compile(r" *\d+\.\d{3} ms  (driver -> |device -> |\.\.\. |!!!)\w* +\S.*")
    plain = player.write("plain.wav", wav(data=bytes(range(256)) * 512)) # 32 periods
    told = {}
    for word in ("--trace", "--trace=full"):
        done = player.run(plain, word, "-o", player.out)
        assert done.returncode == 0 and "bit-exact: yes" in done.stdout, done
        told[word] = [each for each in done.stdout.splitlines() if " ms  " in each]
        wrong = [each for each in told[word] if not line.fullmatch(each)]
        assert not wrong, wrong
        for request in ("PCM_INFO", "PCM_SET_PARAMS stream 0: S16, 2 channels, 44100 Hz",
                        "PCM_PREPARE stream 1", "PCM_START stream 0", "PCM_STOP stream 1",
                        "PCM_RELEASE stream 0"):
            at = [i for i, each in enumerate(told[word]) if "driver -> control  " + request in each]
            assert len(at) == 1, (request, at)
            answers = [each for each in told[word][at[0]:] if "device -> control  " in each]
            assert answers[0].endswith("  OK"), (request, answers[0])
        assert not any("!!!" in each for each in told[word]), told[word]
    assert any(re.search(r"\.\.\. tx +stream 0: \d+ more periods, ", each)
               for each in told["--trace"]), told["--trace"]
    assert not any("..." in each for each in told["--trace=full"])
    sent = [each for each in told["--trace=full"] if "driver -> tx       stream 0: " in each]
    assert len(sent) >= 32, len(sent)
    # What is said once takes about a hundred lines, however long the sound is.
    assert len(told["--trace"]) < 120 < len(told["--trace=full"])
    assert " ms  " not in player.run(plain, "-o", player.out).stdout


def check_help(player):
    done = player.run("--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: "), done
    for word in ("-o DIRECTORY", "--trace", "=full", "--fault flip"):
        assert word in done.stdout, word


def check_complaints(player):
    good = wav()
    for name, content in (("empty.wav", b""), ("text.wav", b"no sound in here\n" * 9),
                          ("cut.wav", good[:-1]), ("header.wav", good[:30]),
                          ("rate.wav", wav(rate=44101)), ("law.wav", wav(tag=7, bits=8)),
                          ("channels.wav", wav(channels=0)), ("nothing.wav", wav(data=b"")),
                          ("frame.wav", wav(data=b"12345"))):
        assert name in player.complains(player.write(name, content), "-o", player.out)
    player.complains("missing.wav", "-o", player.out)
    player.complains(player.directory, "-o", player.out)
    plain = player.write("plain.wav", good)
    player.complains(plain, "-o", plain / "below-a-file")
    for words in (["-x"], ["-o"], ["--fault"], ["--fault", "flop"], ["--trace=short"], [plain, plain]):
        assert "usage: " in player.complains(*words)


def main():
    with tempfile.TemporaryDirectory() as directory:
        player = Player(pathlib.Path(sys.argv[1]).resolve(), directory)
        check_melody(player)
        check_files(player)
        check_fault(player)
        check_trace(player)
        check_help(player)
        check_complaints(player)
    print("vsnd-play: all checks passed")


if __name__ == "__main__":
    main()
