#!/usr/bin/env python3
"""vippy-bench itself, for a moment: every benchmark runs and says so in JSON.

bench.py ROOT VIPPY_BENCH
"""
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(sys.argv[1])
PROGRAM = sys.argv[2]
sys.path.insert(0, str(ROOT / "perf/bench"))
import figures  # noqa: E402

NAMES = [f"protocol2_{what}/nodes:{nodes}/groups:{groups}"
         for what in ("encode", "decode", "decode_and_step", "decode_step_and_turn")
         for nodes in (3, 64) for groups in (1, 4096)]
NAMES += [f"{what}/nodes:64/groups:10000"
          for what in ("placement", "allot_fresh", "allot_after_loss", "turn_of_loss",
                       "turn_at_rest")]
NAMES += [f"protocol1_{what}/{size}" for what in ("encode", "decode")
          for size in ("nodes:3/groups:1", "nodes:64/groups:512")]
NAMES += ["frame_broadcast_through_bridge/receivers:3", "frame_gratuitous_arp",
          "frame_unsolicited_na", "netlink_removals/addresses:1",
          "netlink_removals/addresses:100", "netlink_add_routes/acknowledged:each",
          "netlink_add_routes/acknowledged:last"]


class Bench(unittest.TestCase):
    def test_every_benchmark_runs(self):
        run = figures.measure(PROGRAM, min_time=0.0001)
        self.assertEqual(sorted(run), sorted(NAMES))
        for name, time in run.items():
            self.assertGreater(time, 0, name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
