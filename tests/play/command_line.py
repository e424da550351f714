"""vsnd-play as a user meets it: results on disk, exit statuses, one line for what goes wrong.

    command_line.py VSND_PLAY
"""

import pathlib
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
    for words in (["-x"], ["-o"], ["--fault"], ["--fault", "flop"], [plain, plain]):
        assert "usage: " in player.complains(*words)


def main():
    with tempfile.TemporaryDirectory() as directory:
        player = Player(pathlib.Path(sys.argv[1]).resolve(), directory)
        check_melody(player)
        check_files(player)
        check_fault(player)
        check_complaints(player)
    print("vsnd-play: all checks passed")


if __name__ == "__main__":
    main()
