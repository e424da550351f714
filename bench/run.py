"""Measures the driver and writes the numbers as JSON.

usage: run.py --source PROJECT --work DIRECTORY --json FILE --table PROGRAM
       run.py --source PROJECT --work DIRECTORY --limits

The first form measures everything. The second one counts instructions and text with g++ alone and
fails where a limit is exceeded; it exits with 77 where a tool is missing.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import time

import callgrind

SKIPPED = 77 # ctest's SKIP_RETURN_CODE
ROUNDS = 256
TIMED_ROUNDS = 20000

LANGUAGE = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
KERNEL = ["-Os", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics",
          "-fno-asynchronous-unwind-tables", "-fno-pic", "-mgeneral-regs-only", "-mno-red-zone",
          "-mcmodel=kernel", "-ffunction-sections", "-fdata-sections"]

# What must hold with g++ and everything negotiated at run time.
LIMITS = {
    "instructions_submit_complete": 80,
    "instructions_per_period": 95,
    "instructions_batched_4": 78,
    "instructions_submit_complete_packed": 100,
    "instructions_per_period_packed": 150,
    "instructions_batched_4_packed": 108,
    # What the media clock adds to a batch of completions of one stream, the time's reading apart.
    "instructions_clock_feed": 20,
    "copies_per_period": 0,
    "allocations_per_period": 0,
    # A driver that only plays: 10 KiB.
    "text_bytes_playback": 10240,
}
# The cases that these names stand for; the others must not be worse than the limit either.
HEADLINES = {"instructions_per_period": "instructions_per_period_p4_s1",
             "instructions_batched_4": "instructions_batched_4_p16_s1"}
# How a name ends that belongs to one of measure.cpp's policies.
SUFFIXES = {"negotiated": "", "fixed": "_fixed", "packed": "_packed", "clocked": "_clocked"}


def run(command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr[-3000:]}")
    return done.stdout


class Bench:
    def __init__(self, source, work):
        self.work = pathlib.Path(work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(source) / "bench"
        self.includes = [f"-I{pathlib.Path(source) / 'include'}", f"-I{self.folder}"]
        self.rows = []

    def add(self, name, value, unit):
        self.rows.append({"name": name, "value": value, "unit": unit})

    def compile(self, compiler, source, output, flags):
        path = self.work / f"{output}.{compiler}"
        run([compiler, *LANGUAGE, *self.includes, *flags, self.folder / source, "-o", path])
        return path

    def measuring_program(self, compiler):
        return self.compile(compiler, "measure.cpp", "measure", ["-O2"])

    # --- Instructions. ---

    def count_instructions(self, compiler, program):
        said, profile = callgrind.profile([str(program), "count", str(ROUNDS)])
        if profile.cost("measured_nothing", ROUNDS) != 2 * ROUNDS:
            raise RuntimeError("a call and a return are not counted as two instructions")
        numbers = dict.fromkeys(SUFFIXES, 0)
        costs = {}
        measured = []
        for line in said.splitlines():
            policy, name, periods = line.split()
            if policy == "floor":
                continue
            case = numbers[policy]
            numbers[policy] += 1
            commit = f"measured_commit<bench::{policy}, {case}u>"
            pump = f"measured_pump<bench::{policy}, {case}u>"
            # The clocks of a mixed batch are fed by a function that the set-up calls too, and the
            # copies of the set-up would count.
            if (policy, name) != ("clocked", "instructions_batched_4_p16_s8"):
                measured += [commit, pump]
            total = profile.cost(commit, int(periods)) + profile.cost(pump, ROUNDS)
            costs[policy, name] = (profile.cost(commit, int(periods)) / int(periods),
                                   profile.cost(pump, ROUNDS) / ROUNDS)
            self.add_count(compiler, policy, name, total / int(periods))
        # A submission with its doorbell, and what one completion more costs in a pump.
        for policy in numbers:
            commit, pump = costs[policy, "instructions_per_period_p4_s1"]
            pair = costs[policy, "instructions_pair_p4_s1"][1]
            self.add_count(compiler, policy, "instructions_submit_complete", commit + pair - pump)
        for streams in ("s1", "s8"):
            case = f"instructions_per_period_p4_{streams}"
            feed = sum(costs["clocked", case]) - sum(costs["negotiated", case])
            suffix = "" if compiler == "g++" else "_clang"
            feed -= profile.cost("measured_time", ROUNDS) / ROUNDS - 2 # a call and a return
            self.add(f"instructions_clock_feed_{streams}{suffix}", round(feed, 2), "instructions")
        self.add_floor(compiler, profile)
        suffix = "" if compiler == "g++" else "_clang"
        for what, words in (("copies", callgrind.COPIES), ("allocations", callgrind.ALLOCATIONS)):
            calls = profile.library_calls(measured, words)
            self.add(f"{what}_per_period{suffix}", calls, "library functions called")

    def add_count(self, compiler, policy, name, value):
        suffix = SUFFIXES[policy] + ("" if compiler == "g++" else "_clang")
        for headline, case in HEADLINES.items():
            if case == name:
                self.add(headline + suffix, round(value, 2), "instructions")
        self.add(name + suffix, round(value, 2), "instructions")

    def add_floor(self, compiler, profile):
        suffix = "" if compiler == "g++" else "_clang"
        cost = {part: profile.cost(f"measured_floor_{part}", ROUNDS) / ROUNDS
                for part in ("commit", "pump", "pair")}
        self.add(f"floor_instructions_per_period{suffix}", cost["commit"] + cost["pump"],
                 "instructions")
        self.add(f"floor_instructions_submit_complete{suffix}",
                 cost["commit"] + cost["pair"] - cost["pump"], "instructions")

    def time_periods(self, compiler, program):
        suffix = "" if compiler == "g++" else "_clang"
        for line in run([program, "time", TIMED_ROUNDS]).splitlines():
            policy, name, value = line.split()
            name = name.replace("instructions", "ns").replace("ns_per_period_p", "ns_p")
            name = "ns_floor" if policy == "floor" else name + SUFFIXES[policy]
            self.add(name + suffix, float(value), "ns per period, device end included, noisy")

    # --- Sizes. ---

    def count_text(self, compiler):
        suffix = "" if compiler == "g++" else "_clang"
        for kind in ("playback", "full"):
            loose = self.compile(compiler, f"text_{kind}.cpp", f"text_{kind}.loose.o",
                                 [*KERNEL, "-c"])
            names = [line.split()[-1] for line in run(["nm", loose]).splitlines()
                     if " T entry_" in line]
            linked = self.work / f"text_{kind}.{compiler}.o"
            run(["ld", "-r", "--gc-sections", *(f"-u{name}" for name in names), loose, "-o",
                 linked])
            text, data, bss = run(["size", linked]).splitlines()[1].split()[:3]
            self.add(f"text_bytes_{kind}{suffix}", int(text), "bytes, code and constants")
            self.add(f"static_bytes_{kind}{suffix}", int(data) + int(bss),
                     "bytes, card and rings for 8 streams")

    def count_lines(self, compiler):
        everything = self.work / "everything.cpp"
        everything.write_text("".join(f"#include <vsnd/{name}>\n" for name in (
            "vsnd.hpp", "ring/split_queue.hpp", "transport/pci.hpp")), encoding="utf-8")
        command = [compiler, "-std=c++20", *self.includes]
        lines = run([*command, "-E", "-P", everything]).splitlines()
        self.add("preprocessed_lines", sum(1 for line in lines if line.strip()), "lines")
        best = min(self.seconds([*command, "-O2", "-c", everything, "-o",
                                 self.work / "everything.o"]) for _ in range(3))
        self.add("compile_seconds", round(best, 3), "s, all headers, noisy")
        self.add("compile_seconds_driver", round(self.seconds(
            [*command, *KERNEL, "-c", self.folder / "text_full.cpp", "-o",
             self.work / "everything.o"]), 3), "s, the full driver, noisy")

    def seconds(self, command):
        begin = time.monotonic()
        run(command)
        return time.monotonic() - begin

    # --- The two ways to use it. ---

    def everything(self):
        self.count_lines("g++")
        for compiler in ("g++", "clang++"):
            if shutil.which(compiler) is None:
                print(f"{compiler} is not installed: its numbers are left out")
                continue
            self.count_text(compiler)
            program = self.measuring_program(compiler)
            if shutil.which("valgrind"):
                self.count_instructions(compiler, program)
            self.time_periods(compiler, program)
        if shutil.which("valgrind") is None:
            print("valgrind is not installed: no instructions are counted")

    def exceeded(self):
        self.count_text("g++")
        self.count_instructions("g++", self.measuring_program("g++"))
        bad = 0
        for row in self.rows:
            limit = limit_of(row["name"])
            if limit is None:
                continue
            good = row["value"] <= limit
            bad += not good
            print(f"{'ok  ' if good else 'OVER'} {row['name']}: {row['value']} of {limit}")
        return bad


def limit_of(name):
    """The limit of a name, also of one of its variants; None where there is none."""
    if name.endswith("_clocked"):
        return None # see instructions_clock_feed
    name = name.removesuffix("_fixed")
    kind = "_packed" if name.endswith("_packed") else ""
    name = name.removesuffix(kind)
    for limit in LIMITS:
        known = limit.removesuffix(kind)
        if known + kind == limit and (name == known or name.startswith((known + "_p", known + "_s"))):
            return LIMITS[limit]
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--json")
    parser.add_argument("--table")
    parser.add_argument("--limits", action="store_true")
    arguments = parser.parse_args()
    bench = Bench(arguments.source, arguments.work)
    if arguments.limits:
        for tool in ("valgrind", "g++", "ld", "nm", "size"):
            if shutil.which(tool) is None:
                print(f"skipped: {tool} is not installed")
                return SKIPPED
        return 1 if bench.exceeded() else 0
    bench.everything()
    text = ",\n".join("  " + json.dumps(row) for row in bench.rows)
    pathlib.Path(arguments.json).write_text(f"[\n{text}\n]\n", encoding="utf-8")
    lines = "".join(f"{row['name']} {row['value']} {row['unit']}\n" for row in bench.rows)
    print(run([arguments.table], input=lines), end="")
    print(f"\nwritten: {arguments.json}")
    return 0


sys.exit(main())
