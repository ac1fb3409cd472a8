#!/usr/bin/env python3
"""vippy-perf itself, once, in namespaces of its own: vippyd, and keepalived where it is installed.

smoke.py VIPPY_PERF
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1]
SECONDS_MAX = 150
FAULTS = ["clean-stop", "cut-silently"]
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin")


def has_keepalived():
    return any(os.access(f"{folder}/keepalived", os.X_OK) for folder in FOLDERS)


def measure(words, files):
    """One run of `failover`: (finished process, report). files: of the outputs, by option."""
    outputs = [word for option, path in files.items() for word in (option, str(path))]
    done = subprocess.run([PROGRAM, "failover", "--repetitions", "1", "--daemons",
                           "vippy-lan,keepalived", "--rate", "2000", *words, *outputs],
                          capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    assert done.returncode == 0, done.stderr
    return done, json.loads(files["--json"].read_text())


class Smoke(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            json_file, page = pathlib.Path(folder) / "a.json", pathlib.Path(folder) / "a.html"
            cls.done, cls.report = measure(["--faults", ",".join(FAULTS)],
                                           {"--json": json_file, "--html": page})
            cls.page = page.read_text("utf-8")

    def results(self, daemon):
        return [one for one in self.report["results"] if one["daemon"] == daemon]

    def assert_measured(self, daemon):
        self.assertEqual([one["fault"] for one in self.results(daemon)], FAULTS)
        for result in self.results(daemon):
            self.assertEqual(result["failures"], [])
            sample, = result["samples"]
            for key in ("gap_ms", "address_ms", "answered_ms", "learnt_ms"):
                self.assertGreater(sample[key], 0, (result["fault"], key))
            self.assertGreaterEqual(sample["answered_ms"], 0)
            self.assertEqual(sample["two_stay"], result["fault"] == "cut-silently")

    def test_vippy_is_measured(self):
        self.assert_measured("vippy-lan")

    def test_keepalived_is_measured_or_named_as_missing(self):
        if has_keepalived():
            self.assert_measured("keepalived")
            return
        self.assertEqual(self.results("keepalived"), [])
        for text in (self.done.stdout, self.page):
            self.assertIn("skipped: not installed", text)

    # What the others are home to stays with them, and is not in the way of what is measured.
    def test_a_share_of_the_addresses_moves_and_the_others_stay(self):
        with tempfile.TemporaryDirectory() as folder:
            _, report = measure(["--faults", "preferred-returns,reload-moves,node-lost,graduation",
                                 "--vips", "5", "--share", "0.4"],
                                {"--json": pathlib.Path(folder) / "a.json"})
        self.assertEqual(report["settings"]["share"], 0.4)
        self.assertEqual(report["settings"]["asked"], 2)
        for result in report["results"]:
            self.assertEqual(result["failures"], [], (result["fault"], result["daemon"]))
            if not result["lacks"]:
                self.assertGreater(result["samples"][0]["address_ms"], 0, result["fault"])

    def assert_refused(self, words, message):
        done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=20,
                              check=False)
        self.assertEqual(done.returncode, 2, words)
        self.assertIn(message, done.stderr)
        self.assertNotIn("%", done.stderr)  # nothing was measured

    def test_what_cannot_be_done_is_refused_before_anything_is_measured(self):
        failover = ["failover", "--repetitions", "1", "--faults", "drain"]
        self.assert_refused([*failover, "--json", "/nowhere/a"], "cannot write /nowhere/a: ")
        self.assert_refused([*failover, "--html", "/"], "cannot write /: ")
        self.assert_refused([*failover, "--interval", "0.01", "--stale", "0.005"],
                            "--stale 0.005 is less than --interval 0.01")
        self.assert_refused([*failover, "--repetitions", "0"], "--repetitions")
        self.assert_refused([*failover, "--share", "0"], "--share")
        self.assert_refused(["report", "/nowhere/a.json"], "cannot read /nowhere/a.json")
        self.assert_refused(["report", PROGRAM], "is not what --json wrote")
        self.assert_refused(["report", "/dev/null"], "is not what --json wrote")

    def test_progress_is_plain_lines_where_there_is_no_terminal(self):
        self.assertIn("1/1 vippy-lan clean-stop\n", self.done.stderr)
        self.assertNotIn("\033", self.done.stderr + self.done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
