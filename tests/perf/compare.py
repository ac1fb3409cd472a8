#!/usr/bin/env python3
"""The statistics of perf/compare and perf/history.

compare.py ROOT

tests/perf/bench.json holds runs of vippy-bench on one machine, by turns: of the release build, of
the same once more, and of the slower dev build.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(ROOT / "perf/bench"))
import figures  # noqa: E402

RECORDED = {side: [figures.parse(json.dumps(run)) for run in runs]
            for side, runs in json.loads((ROOT / "tests/perf/bench.json").read_text()).items()}


def runs(*times):
    return [{"a": time} for time in times]


def mark(base, branch):
    (_, _, _, said), = figures.compare(base, branch)
    return said


def document(**what):
    one = {"name": "a", "run_name": "a", "run_type": "iteration", "cpu_time": 2.0,
           "time_unit": "ns"}
    return {"benchmarks": [one | what]}


class Recorded(unittest.TestCase):
    def marks(self, base, branch):
        rows = figures.compare(RECORDED[base], RECORDED[branch])
        return {name: said for name, _, _, said in rows if said}

    def test_the_same_build_is_not_marked(self):
        self.assertEqual(self.marks("release", "release_again"), {})

    def test_a_slower_build_is_marked_where_it_is_slower(self):
        self.assertEqual(self.marks("release", "dev"), dict.fromkeys(
            ["protocol2_encode/nodes:64/groups:1", "protocol2_encode/nodes:64/groups:4096",
             "protocol1_decode/nodes:64/groups:512", "frame_gratuitous_arp",
             "frame_unsolicited_na"], "slower"))

    def test_the_other_way_round_the_same_are_faster(self):
        slower = self.marks("release", "dev")
        self.assertEqual(self.marks("dev", "release"), dict.fromkeys(slower, "faster"))

    def test_the_table_says_medians_ratio_and_mark(self):
        lines = figures.table(figures.compare(RECORDED["release"], RECORDED["dev"])).splitlines()
        self.assertEqual(len(lines), 1 + len(RECORDED["release"][0]))
        self.assertIn("protocol1_decode/nodes:64/groups:512    112.1 us   123.7 us   1.104 slower",
                      lines)


class Marks(unittest.TestCase):
    def test_a_small_difference_is_not_marked_however_steady(self):
        self.assertEqual(mark(runs(100, 100, 100), runs(105, 105, 105)), "")
        self.assertEqual(mark(runs(100, 100, 100), runs(106, 106, 106)), "slower")
        self.assertEqual(mark(runs(100, 100, 100), runs(94, 94, 94)), "faster")

    def test_a_large_difference_is_not_marked_when_the_middle_halves_overlap(self):
        self.assertEqual(mark(runs(100, 100, 110, 150, 150), runs(120, 120, 140, 160, 160)), "")

    def test_single_outliers_do_not_matter(self):
        self.assertEqual(mark(runs(100, 101, 102, 103, 900), runs(120, 121, 122, 123, 50)),
                         "slower")

    def test_one_round_is_enough_for_a_ratio(self):
        self.assertEqual(figures.compare(runs(100), runs(50)), [("a", 100, 50, "faster")])

    def test_what_one_side_lacks_is_named(self):
        rows = figures.compare([{"a": 1, "b": 2}], [{"b": 2, "c": 3}])
        self.assertEqual(rows, [("a", 1, None, "only in base"), ("b", 2, 2, ""),
                                ("c", None, 3, "only in branch")])
        self.assertIn("only in branch", figures.table(rows))


class Runs(unittest.TestCase):
    def test_are_nanoseconds_whatever_the_unit(self):
        self.assertEqual(figures.parse(json.dumps(document(time_unit="us"))), {"a": 2000})

    def test_of_repetitions_have_the_median_and_no_aggregates(self):
        many = {"benchmarks": [document(cpu_time=time)["benchmarks"][0] for time in (1, 9, 2)]
                + document(run_type="aggregate", cpu_time=70)["benchmarks"]}
        self.assertEqual(figures.parse(json.dumps(many)), {"a": 2})

    def test_with_an_error_are_refused(self):
        with self.assertRaisesRegex(figures.Failed, "a: it broke"):
            figures.parse(json.dumps(document(error_occurred=True, error_message="it broke")))
        with self.assertRaisesRegex(figures.Failed, "no benchmark"):
            figures.parse('{"benchmarks": []}')


class Programs(unittest.TestCase):
    def test_say_what_could_not_be_done(self):
        done = subprocess.run([ROOT / "perf/compare", "no-such-commit"], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("compare: "), done.stderr)

    def test_history_refuses_what_is_not_committed(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("perf/history", "perf/bench/figures.py"):
                copy = pathlib.Path(folder) / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes((ROOT / name).read_bytes())
            figures.git(folder, "init", "--quiet")
            figures.git(folder, "add", "perf")
            done = subprocess.run([sys.executable, "-B", pathlib.Path(folder) / "perf/history"],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("not committed", done.stderr)
            self.assertFalse((pathlib.Path(folder) / "perf/history.jsonl").exists())

    def test_the_history_has_one_whole_line_for_a_commit(self):
        lines = [json.loads(line)
                 for line in (ROOT / "perf/history.jsonl").read_text("utf-8").splitlines()]
        self.assertEqual(len({line["commit"] for line in lines}), len(lines))
        for line in lines:
            self.assertEqual(list(line), ["commit", "date", "machine", "benchmarks", "sim"])
            self.assertRegex(line["commit"], "^[0-9a-f]{40}$")
            self.assertGreater(min(line["benchmarks"].values()), 0)
            self.assertEqual(line["sim"]["failed"], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
