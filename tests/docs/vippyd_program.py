#!/usr/bin/env python3
"""vippyd from outside: --plan, --check, --print-config, and their exit statuses.

vippyd_program.py ROOT VIPPYD
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv[1])
VIPPYD = sys.argv[2]
GOOD, BAD, USAGE = 0, 1, 2
MINIMAL = {"chat": "239.1.1.1:5007", "secret": "s", "vips": [], "nodes": []}


def vippyd(*words):
    return subprocess.run([VIPPYD, *words], capture_output=True, text=True, timeout=20,
                          stdin=subprocess.DEVNULL, check=False)


class WithFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "vippy.conf")

    def write(self, config, mode=0o600):
        text = config if isinstance(config, str) else json.dumps(config)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path, mode)

    def run_on(self, config, *words, mode=0o600):
        self.write(config, mode)
        return vippyd("-c", self.path, *words)


class Unwritable(WithFile):
    def run_full(self, stdout, stderr, *words):
        vips = [[{"interface": "x", "ip": "10.0.0.1/24"}]]
        # Others can read the secret: a warning.
        self.write(MINIMAL | {"nodes": ["a"], "vips": vips}, 0o644)
        return subprocess.run([VIPPYD, "-c", self.path, *words], stdout=stdout, stderr=stderr,
                              timeout=20, stdin=subprocess.DEVNULL, check=False, text=True)

    def test_warnings_that_cannot_be_written_change_nothing(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = self.run_full(subprocess.PIPE, full, "--check")
        self.assertEqual(done.returncode, GOOD)
        self.assertIn("good, version", done.stdout)

    def test_an_answer_that_cannot_be_written_is_no_success(self):
        for command in ("--check", "--plan", "--print-config"):
            with open("/dev/full", "w", encoding="ascii") as full:
                done = self.run_full(full, subprocess.PIPE, command)
            self.assertEqual(done.returncode, BAD, command)
            self.assertIn("cannot write the answer", done.stderr)


class Plan(WithFile):
    def test_agrees_with_every_ownership_of_the_reference(self):
        vectors = json.loads((ROOT / "tests/golden/vippy1/ownership.json").read_text("utf-8"))
        self.assertEqual(len(vectors), 40)
        for vector in vectors:
            nodes = vector["config"]["nodes"]
            active = [node for node in nodes if vector["active"].get(node)]
            done = self.run_on(vector["config"], "-n", nodes[0], "--plan", "--json",
                               "--active", ",".join(active))
            self.assertEqual(done.returncode, GOOD, done.stderr)
            self.assertEqual(json.loads(done.stdout), vector["ownership"])

    def test_without_active_all_nodes_are(self):
        vips = [["b", {"interface": "x", "ip": "10.0.0.1"}]]
        config = MINIMAL | {"nodes": ["a", "b"], "vips": vips}
        done = self.run_on(config, "-n", "a", "--plan")
        self.assertEqual(done.stdout, "10.0.0.1/32 -> b (prefers b)\n")

    def test_nobody_active_is_an_empty_list(self):
        config = MINIMAL | {"nodes": ["a"], "vips": [[{"interface": "x", "ip": "10.0.0.1"}]]}
        done = self.run_on(config, "-n", "a", "--plan", "--active", "")
        self.assertEqual(done.stdout, "10.0.0.1/32 -> nobody: no node is active\n")

    def test_a_stranger_is_wrong_usage(self):
        done = self.run_on(MINIMAL | {"nodes": ["a", "b"]}, "-n", "a", "--plan", "--active", "a,c")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("c is not one of the nodes; they are a, b", done.stderr)


class Check(WithFile):
    def test_good_is_zero_and_says_what_was_read(self):
        done = self.run_on(MINIMAL | {"version": 7, "nodes": ["a"]}, "-n", "a", "--check")
        self.assertEqual(done.returncode, GOOD, done.stderr)
        self.assertEqual(done.stdout, f"{self.path}: good, version 7, 0 groups, 1 nodes\n")

    def test_bad_is_one_and_lists_every_error_with_its_place(self):
        done = self.run_on('{"chat": "x",\n "secret": "", "vips": []}', "--check")
        self.assertEqual(done.returncode, BAD)
        self.assertIn(f"{self.path}:1:10: error: chat: ", done.stderr)
        self.assertIn(f"{self.path}:2:12: error: secret: ", done.stderr)
        self.assertIn("nodes: this key is missing", done.stderr)

    def test_no_file_is_one_with_the_errno(self):
        done = vippyd("--check", "-c", "/nonexistent/vippy.conf")
        self.assertEqual(done.returncode, BAD)
        self.assertIn("ENOENT", done.stderr)

    def test_warns_of_stale_under_three_intervals_and_passes(self):
        config = MINIMAL | {"nodes": ["a"], "interval": 1, "stale": 2}
        done = self.run_on(config, "-n", "a", "--check")
        self.assertEqual(done.returncode, GOOD)
        self.assertIn("warning: stale: stale is 2 s and interval 1 s", done.stderr)

    def test_warns_of_a_file_that_others_can_read(self):
        done = self.run_on(MINIMAL | {"nodes": ["a"]}, "-n", "a", "--check", mode=0o644)
        self.assertEqual(done.returncode, GOOD)
        self.assertIn(f"{self.path}: warning: secret: others can read {self.path}", done.stderr)
        self.assertIn(f"`chmod 600 {self.path}`", done.stderr)

    def test_warns_of_a_vip_that_no_local_interface_can_carry(self):
        vips = [[{"interface": "nowhere9", "ip": "10.0.0.1/24"}],
                [{"interface": "lo", "ip": "198.51.100.1/24"}]]
        done = self.run_on(MINIMAL | {"nodes": ["a"], "vips": vips}, "-n", "a", "--check")
        self.assertEqual(done.returncode, GOOD)
        self.assertIn('10.0.0.1: this host has no interface "nowhere9"', done.stderr)
        self.assertIn("198.51.100.1: lo has no address in 198.51.100.0/24", done.stderr)

    def test_warns_of_a_chat_interface_that_reaches_no_other_host(self):
        for chat_interface in ("lo", "127.0.0.1"):
            config = MINIMAL | {"nodes": ["a", "b"], "chat_interface": chat_interface}
            done = self.run_on(config, "-n", "a", "--check")
            self.assertEqual(done.returncode, GOOD)
            self.assertIn(f"chat_interface: {chat_interface} is loopback", done.stderr)

    def test_warns_of_a_node_that_is_not_listed_with_a_suggestion(self):
        done = self.run_on(MINIMAL | {"nodes": ["node1"]}, "-n", "node2", "--check")
        self.assertEqual(done.returncode, GOOD)
        self.assertIn('did you mean "node1"?', done.stderr)

    def test_the_secret_is_never_shown(self):
        config = MINIMAL | {"secret": "geheimnis", "nodes": ["a"]}
        for words in (["--check"], ["--print-config"], ["--plan"]):
            done = self.run_on(config, "-n", "a", *words)
            self.assertNotIn("geheimnis", done.stdout + done.stderr)


class PrintConfig(WithFile):
    def assert_fixed_point(self, config):
        once = self.run_on(config, "-n", "a", "--print-config")
        self.assertEqual(once.returncode, GOOD, once.stderr)
        twice = self.run_on(once.stdout, "-n", "a", "--print-config")
        self.assertEqual(twice.returncode, GOOD, twice.stderr)
        self.assertEqual(once.stdout, twice.stdout)
        return json.loads(once.stdout)

    def test_parses_back_to_itself(self):
        for name in ("minimal", "sample", "every_key", "byte_order_mark"):
            path = ROOT / f"tests/golden/config/{name}.json"
            self.assert_fixed_point(path.read_text("utf-8"))

    def test_command_line_plugins_are_added_to_those_of_the_file(self):
        done = self.run_on(MINIMAL | {"plugins": ["a.js"]}, "-p", "b.js", "-p", "c.js",
                           "--print-config")
        self.assertEqual(json.loads(done.stdout)["plugins"], ["a.js", "b.js", "c.js"])


class Usage(unittest.TestCase):
    def test_wrong_words_are_two(self):
        for words in (["--json"], ["--active", "a"], ["extra"], ["--loop", "kqueue"],
                      ["--check", "--plan"], ["-n"]):
            self.assertEqual(vippyd(*words).returncode, USAGE, words)

    def test_help_and_version_are_good(self):
        self.assertEqual(vippyd("--help").returncode, GOOD)
        self.assertTrue(vippyd("--version").stdout.startswith("vippyd "))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
