#!/usr/bin/env python3
"""What an operator installs: the example configuration, the unit file and the man pages.

check_conf.py ROOT VIPPYD

The programs systemd-analyze and mandoc are used where they are installed.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv[1])
VIPPYD = sys.argv[2]
HOST_WARNING = re.compile(r"this host has no interface|has no address in")


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)


def run_on_copy(source, *words):
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "vippy.conf"
        copy.write_bytes(source.read_bytes())
        copy.chmod(0o600)
        return run(VIPPYD, *words, "-n", "node1", "-c", str(copy))


class Example(unittest.TestCase):
    FILES = [ROOT / "conf/vippy.conf.example", *sorted((ROOT / "conf/profiles").glob("*.conf"))]

    def test_says_only_that_its_secret_is_to_be_replaced(self):
        for path in self.FILES:
            done = run_on_copy(path, "--check")
            self.assertEqual(done.returncode, 0, done.stderr)
            said = [line for line in done.stderr.splitlines() if not HOST_WARNING.search(line)]
            self.assertEqual(len(said), 1, said)
            self.assertIn("warning: secret: still the example's", said[0], path.name)


class Profiles(unittest.TestCase):
    PACE = {"lan-fast": (0.001, 0.003), "lan": (0.01, 0.03), "classic": (0.5, 5)}

    def test_have_the_pace_that_the_documentation_says(self):
        text = (ROOT / "docs/config.md").read_text("utf-8")
        files = {path.stem for path in (ROOT / "conf/profiles").glob("*.conf")}
        self.assertEqual(files, set(self.PACE))
        for name, (interval, stale) in self.PACE.items():
            done = run_on_copy(ROOT / f"conf/profiles/{name}.conf", "--print-config")
            printed = json.loads(done.stdout)
            self.assertEqual((printed["interval"], printed["stale"]), (interval, stale), name)
            self.assertIn(f"| {interval} | {stale} | `conf/profiles/{name}.conf` |", text)


class Unit(unittest.TestCase):
    TEXT = (ROOT / "conf/vippyd.service").read_text("utf-8")

    def test_calls_vippyd_with_options_that_exist(self):
        usage = run(VIPPYD, "--help").stdout
        for line in re.findall(r"^Exec\w+=/usr/sbin/vippyd(.*)$", self.TEXT, re.M):
            for option in re.findall(r" (--?[\w-]+)", line):
                self.assertRegex(usage, rf"(?m)^  (\S+,)?{option}[, ]")

    def test_leaves_what_vippyd_needs(self):
        families = re.search(r"^RestrictAddressFamilies=(.*)$", self.TEXT, re.M)[1].split()
        self.assertEqual(set(families),
                         {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET"})
        kept = re.search(r"^CapabilityBoundingSet=(.*)$", self.TEXT, re.M)[1].split()
        self.assertLessEqual({"CAP_NET_ADMIN", "CAP_NET_RAW"}, set(kept))
        for call in ("io_uring_setup", "io_uring_enter", "io_uring_register"):
            self.assertRegex(self.TEXT, rf"(?m)^SystemCallFilter=.*\b{call}\b")
        # For the profiles that want `realtime`.
        self.assertRegex(self.TEXT, r"(?m)^RestrictRealtime=no$")

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_is_what_systemd_understands(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder) / "vippyd.service"
            # The program and its manual are not installed on the machine that tests.
            text = self.TEXT.replace("/usr/sbin/vippyd", VIPPYD)
            unit.write_text(re.sub(r"(?m)^Documentation=.*\n", "", text), "utf-8")
            done = run("systemd-analyze", "verify", "--man=no", str(unit))
        complaints = [line for line in done.stderr.splitlines() if "vippyd.service" in line]
        self.assertEqual(complaints, [])


class Manuals(unittest.TestCase):
    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_are_clean(self):
        for page in sorted((ROOT / "docs/man").glob("*.[58]")):
            done = run("mandoc", "-T", "lint", "-W", "warning", str(page))
            self.assertEqual(done.stdout + done.stderr, "", page.name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
