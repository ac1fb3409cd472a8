#!/usr/bin/env python3
"""conf/vippy.lua in tshark against messages of the real encoder.

dissector.py ROOT WRITE_PCAP TSHARK
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT, WRITE_PCAP, TSHARK = sys.argv[1:4]
SCRIPT = str(pathlib.Path(ROOT) / "conf/vippy.lua")
TRUTH = {"True": "1", "False": "0"}  # as newer releases print it


def run(words, folder):
    # A home of its own: what the user of this machine has set up is not looked at.
    home = os.environ | {"HOME": folder, "XDG_CONFIG_HOME": folder}
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False,
                          stdin=subprocess.DEVNULL, env=home)


class Dissector(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            pcap = os.path.join(folder, "vippy.pcap")
            written = run([WRITE_PCAP, pcap], folder)
            assert written.returncode == 0, written.stderr
            cls.wanted = [json.loads(line) for line in written.stdout.splitlines()]
            fields = sorted({field for shown in cls.wanted for field in shown})
            command = [TSHARK, "-X", "lua_script:" + SCRIPT, "-n", "-r", pcap, "-T", "fields",
                       "-E", "separator=|", "-E", "aggregator=;", "-E", "occurrence=a"]
            shown_as = {"json": "json.value.string"}
            for field in fields:
                command += ["-e", shown_as.get(field, field)]
            cls.done = run(command, folder)
            cls.whole = run([TSHARK, "-X", "lua_script:" + SCRIPT, "-n", "-r", pcap, "-V"], folder)
        cls.shown = [dict(zip(fields, line.split("|"))) for line in cls.done.stdout.split("\n")]

    def test_shows_every_field_as_it_was_encoded(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        self.assertGreater(len(self.wanted), 250)
        self.assertEqual(len(self.shown) - 1, len(self.wanted), self.done.stderr)
        for index, wanted in enumerate(self.wanted):
            for field, value in wanted.items():
                shown = TRUTH.get(self.shown[index][field], self.shown[index][field])
                self.assertEqual(shown, value, (index, field))

    def test_never_fails_whatever_the_octets(self):
        self.assertNotIn("Lua", self.done.stderr)
        self.assertNotIn("Lua Error", self.whole.stdout)
        self.assertEqual(self.whole.returncode, 0, self.whole.stderr)

    def test_summarises_in_words(self):
        for words in ("announcement active settled, version 9007199254740991, holds 5 of 18 groups",
                      "announcement leaving, version 0, holds 0 of 0 groups",
                      "fragment, neighbours, octets 2400 to 2402 of 4000",
                      "order, undrain node 000000000000000c",
                      "Echo of node 2: session ...00000001, sequence ...4294967295",
                      "Malformed: unknown flags", "Malformed: unknown kind",
                      "Malformed: its length is not what it says"):
            self.assertIn(words, self.whole.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
