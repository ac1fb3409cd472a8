#!/usr/bin/env python3
"""Breaks the code on purpose, one line at a time, and shows which checker notices.

mutations.py ROOT BUILD [FIRST..LAST [WORDS]]
mutations.py ROOT          only asks whether each mutation still has its one place in the code
mutations.py --self-test   proves that this question bites

Each mutation is made in ROOT's working tree, vippy-sim is built in BUILD and runs the seeds, and
the line is put back. WORDS choose mutations by their description. Exit status 1: some mutation was
not noticed. Exit status 2: some mutation has no place, or more than one; nothing was built.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

# What is broken, where, the line, what becomes of it.
MUTATIONS = [
    ("the old owner does not wait for the new one", "allot.cpp",
     "    return holds && !nodes[owner].surely_has(group);", "    return false;"),
    ("the old owner keeps the address for long", "node.h",
     "kLinger = std::chrono::milliseconds(2);", "kLinger = std::chrono::milliseconds(700);"),
    ("recordings are believed", "sessions.cpp",
     "    if (sender.sequence <= proven_->sequence) return Verdict::replayed;", ""),
    ("what a deaf node says counts", "hearing.cpp",
     "  if (!is_fresh(of_us, own_)) return Verdict::deaf;", ""),
    ("a node that was late keeps what it had", "node_judge.cpp",
     "  if (is_missed) forfeit(", "  if (now < Instant{}) forfeit("),
    ("a node that was late never thinks that it was missed", "node_judge.cpp",
     "  const bool is_missed = may_be_missed(silent_since);",
     "  const bool is_missed = goes_by_facts() ? false : may_be_missed(silent_since);"),
    ("the winner of a contest says nothing", "node_hold.cpp",
     "  speak_again(group, now, out);\n  // A guard",
     "  if (now < Instant{}) speak_again(group, now, out);\n  // A guard"),
    ("silence is judged too late", "membership.cpp",
     "  return since + tuning_.stale + Duration(1);",
     "  return since + 2 * tuning_.stale + Duration(1);"),
    ("silence is judged too early", "membership.cpp",
     "  return since + tuning_.stale + Duration(1);",
     "  return since + tuning_.stale / 3;"),
    ("addresses of others are removed", "reconcile_plan.cpp",
     "  if (!record.wanted && record.presence == Presence::ours) return Pending::removing;",
     "  if (!record.wanted && record.presence != Presence::absent) return Pending::removing;"),
    ("a newer configuration is not adopted", "node_config.cpp",
     "  if (version <= shared_->version) return view_.learn(received);",
     "  if (version <= 1'000'000) return view_.learn(received);"),
    ("the reason of a move is a wrong one", "node_judge.cpp",
     "    return is_deaf(from) ? MoveReason::owner_deaf : MoveReason::owner_silent;",
     "    return MoveReason::owner_left;"),
    ("nobody is told that an address came", "advertise.cpp",
     "    broadcast(job, AdvertiseForm::everyone, interfaces, out);\n"
     "    if (lane.stream++ == 0)",
     "    if (now < Instant{}) broadcast(job, AdvertiseForm::everyone, interfaces, out);\n"
     "    if (lane.stream++ == 0)"),
    ("a hang is noticed too late", "guard.cpp",
     "    steps.look_again = view.beat_at + view.stale + kTick;",
     "    steps.look_again = view.beat_at + 3 * view.stale;"),
    ("a guard acts on a daemon that beats", "guard.cpp",
     "view.now - view.beat_at <= view.stale;", "view.now - view.beat_at <= view.stale / 8;"),
    ("a daemon that hangs on is not killed", "guard.cpp",
     "  steps.kill = true;", "  steps.kill = view.is_dead;"),
    ("a guard speaks and takes nothing away", "guard_watch.cpp",
     "  if (steps.let_go) let_go();", "  if (steps.let_go) is_clean_ = true;"),
]


def run(words, seconds):
    return subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)


def noticed_by(build, seeds):
    built = run(["ninja", "-C", str(build), "vippy-sim"], 600)
    if built.returncode != 0:
        return "the compiler: " + "".join(re.findall(r"error: .*", built.stdout)[:1])
    done = run([str(build / "tests/vippy-sim"), "--seeds", seeds], 600)
    if done.returncode not in (0, 1):
        return "an assertion: " + (done.stderr.strip().splitlines() or ["?"])[-1][:70]
    found = re.findall(r"^seed \d+, act \w+, checker (\w+)", done.stdout + done.stderr, re.M)
    return ", ".join(sorted(set(found), key=found.index))


def place_of(root, name, line):
    """The one file of that name, and its text; None unless it has the line exactly once."""
    paths = list((root / "src").rglob(name))
    if len(paths) != 1:
        return None
    text = paths[0].read_text("utf-8")
    return (paths[0], text) if text.count(line) == 1 else None


def misplaced(root, mutations):
    return [f"{what}: {name} has not exactly one place for it, mend this list"
            for what, name, line, instead in mutations
            if line == instead or place_of(root, name, line) is None]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "src/core").mkdir(parents=True)
        (root / "src/core/once.cpp").write_text("one;\ntwo;\ntwo;\n", "utf-8")
        good = ("good", "once.cpp", "one;", "")
        bad = [("none", "once.cpp", "three;", ""), ("two", "once.cpp", "two;", ""),
               ("no file", "gone.cpp", "one;", ""), ("no change", "once.cpp", "one;", "one;")]
        found = misplaced(root, [good, *bad])
        assert [line.split(":")[0] for line in found] == [each[0] for each in bad], found
    return 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(sys.argv[1]).resolve()
    problems = misplaced(root, MUTATIONS)
    print("".join(line + "\n" for line in problems), end="")
    if problems or len(sys.argv) == 2:
        return 2 if problems else 0
    build = pathlib.Path(sys.argv[2]).resolve()
    seeds = sys.argv[3] if len(sys.argv) > 3 else "1..500"
    only = sys.argv[4] if len(sys.argv) > 4 else ""
    missed = 0
    for what, name, line, instead in MUTATIONS:
        if only not in what:
            continue
        path, text = place_of(root, name, line)
        try:
            path.write_text(text.replace(line, instead), "utf-8")
            checkers = noticed_by(build, seeds)
        finally:
            path.write_text(text, "utf-8")
        print(f"| {what} | `{name}` | {checkers or 'NOT NOTICED'} |", flush=True)
        # What does not build shows nothing about the checkers.
        missed += not checkers or checkers.startswith("the compiler")
    run(["ninja", "-C", str(build), "vippy-sim"], 600)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
