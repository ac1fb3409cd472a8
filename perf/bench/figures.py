"""What perf/history and perf/compare share: builds, runs of vippy-bench, and their statistics.

A run is {benchmark: nanoseconds of processor time for one iteration}.
"""
import json
import pathlib
import statistics
import subprocess
import sys

UNITS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
NOISE = 0.05  # what is within this share is never marked


class Failed(Exception):
    """Something outside could not be done; the text says what."""


def execute(words, seconds=None, folder=None):
    """Standard output of a program that must succeed."""
    try:
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                              errors="replace", timeout=seconds, cwd=folder, check=False,
                              stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from error
    if done.returncode != 0:
        last = (done.stderr + done.stdout).strip().splitlines()[-10:]
        command = " ".join(str(word) for word in words)
        raise Failed("\n".join([f"failed with {done.returncode}: {command}", *last]))
    return done.stdout


def git(root, *words):
    return execute(["git", "-C", root, *words]).strip()


def build(root, targets):
    """Builds targets of the checkout `root` with the release preset; returns the build folder."""
    execute(["nice", "cmake", "--preset", "release"], folder=root)
    folder = pathlib.Path(root) / "build/release"
    known = {line.split(":")[0]
             for line in execute(["ninja", "-C", folder, "-t", "targets", "all"]).splitlines()}
    for target in targets:
        if target not in known:
            raise Failed(f"{target} cannot be built in {root}: the commit does not have it yet, "
                         "or libbenchmark-dev is not installed")
    execute(["nice", "ninja", "-C", folder, *targets])
    return folder


def parse(text):
    """The run in google-benchmark's JSON; of repetitions the median."""
    times = {}
    for one in json.loads(text)["benchmarks"]:
        if one.get("error_occurred"):
            raise Failed(f"{one['name']}: {one['error_message']}")
        if one["run_type"] == "iteration":
            ns = one["cpu_time"] * UNITS[one["time_unit"]]
            times.setdefault(one["run_name"], []).append(ns)
    if not times:
        raise Failed("no benchmark was run")
    return {name: statistics.median(values) for name, values in times.items()}


def measure(program, min_time, repetitions=1, only=""):
    return parse(execute([program, "--benchmark_format=json", f"--benchmark_min_time={min_time}",
                          f"--benchmark_repetitions={repetitions}",
                          f"--benchmark_filter={only or '.'}"]))


def quartiles(values):
    """First quartile, median, third quartile; the ends count, so few values are enough."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def compare(base, branch):
    """Two lists of runs -> [(benchmark, median base, median branch, mark)], in order.

    A median is None where that side does not have the benchmark. The mark is "faster" or "slower"
    when the middle halves do not overlap and the medians differ by more than NOISE.
    """
    names = dict.fromkeys(name for run in base + branch for name in run)
    rows = []
    for name in names:
        sides = [[run[name] for run in runs if name in run] for runs in (base, branch)]
        if not all(sides):
            medians = [statistics.median(side) if side else None for side in sides]
            rows.append((name, *medians, "only in base" if sides[0] else "only in branch"))
            continue
        before, after = map(quartiles, sides)
        is_apart = before[2] < after[0] or after[2] < before[0]
        is_far = abs(after[1] - before[1]) > NOISE * before[1]
        mark = ("slower" if after[1] > before[1] else "faster") if is_apart and is_far else ""
        rows.append((name, before[1], after[1], mark))
    return rows


def words_of(ns):
    if ns is None:
        return "-"
    unit = next((unit for unit in ("s", "ms", "us") if ns >= UNITS[unit]), "ns")
    return f"{ns / UNITS[unit]:.4g} {unit}"


def table(rows):
    lines = [("benchmark", "base", "branch", "ratio", "")]
    for name, before, after, mark in rows:
        ratio = f"{after / before:.3f}" if before and after else "-"
        lines.append((name, words_of(before), words_of(after), ratio, mark))
    width = max(len(line[0]) for line in lines)
    return "".join(f"{line[0]:<{width}} {line[1]:>10} {line[2]:>10} {line[3]:>7} {line[4]}".rstrip()
                   + "\n" for line in lines)


def main(run):
    """Runs a program's main function: 0, or 1 with the reason when it could not do its work."""
    try:
        run()
    except Failed as failed:
        print(f"{pathlib.Path(sys.argv[0]).name}: {failed}", file=sys.stderr)
        return 1
    return 0
