#!/usr/bin/env python3
"""The pages that vippy-perf makes of recorded measurements.

page.py ROOT VIPPY_PERF
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(sys.argv[1])
PROGRAM = sys.argv[2]
X = "{http://www.w3.org/2000/svg}"


def page_of(name):
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "page.html"
        subprocess.run([PROGRAM, "report", str(ROOT / "tests/perf" / name), "--html", str(page)],
                       check=True, capture_output=True, timeout=60)
        return page.read_text("utf-8")


def words_of(element):
    return " ".join("".join(element.itertext()).split())


class Pages(unittest.TestCase):
    NAMES = ("failover.json", "cost.json", "scale.json")

    def test_are_well_formed_and_need_nothing_else(self):
        for name in self.NAMES:
            text = page_of(name)
            self.assertTrue(text.startswith("<!DOCTYPE html>\n<html lang=\"en\">"))
            root = xml.fromstring(text)
            for element in root.iter():
                self.assertNotIn(element.tag, ("script", "link", "img", "iframe"))
                self.assertNotIn("src", element.attrib)
                self.assertRegex(element.attrib.get("href", "#"), "^#")
            bare = text.replace('xmlns="http://www.w3.org/2000/svg"', "")
            self.assertIsNone(re.search(r"https?:|url\(|@import", bare), name)

    def test_say_on_what_it_was_measured(self):
        for name in self.NAMES:
            words = words_of(xml.fromstring(page_of(name)))
            machine = json.loads((ROOT / "tests/perf" / name).read_text())["machine"]
            for key in ("kernel", "processor", "date", "commit", "command"):
                self.assertIn(str(machine[key]), words)

    def test_are_not_made_of_something_else(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            for text in ("{}", "[]", "no JSON", '{"kind": "failover", "daemons": []}'):
                file.seek(0)
                file.truncate()
                file.write(text)
                file.flush()
                done = subprocess.run([PROGRAM, "report", file.name], capture_output=True,
                                      text=True, timeout=60, check=False)
                self.assertEqual(done.returncode, 2, text)
                self.assertTrue(done.stderr.startswith("vippy-perf: "), done.stderr)

    def test_are_for_light_and_dark(self):
        self.assertIn("@media (prefers-color-scheme: dark)", page_of("failover.json"))


class Failover(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.report = json.loads((ROOT / "tests/perf/failover.json").read_text())
        cls.page = xml.fromstring(page_of("failover.json"))

    def section(self, fault):
        return next(one for one in self.page.iter("section") if one.get("id") == fault)

    def test_each_fault_has_a_plot_with_a_dot_for_each_repetition(self):
        for fault in {one["fault"] for one in self.report["results"]}:
            samples = sum(len(one["samples"]) for one in self.report["results"]
                          if one["fault"] == fault)
            plot = self.section(fault).find(f"{X}svg")
            self.assertEqual(len(plot.findall(f"{X}circle")), samples, fault)

    def test_each_median_is_in_the_table(self):
        for result in self.report["results"]:
            words = words_of(self.section(result["fault"]))
            self.assertIn(result["daemon"], words)
            for failure in result["failures"]:
                self.assertIn(failure, words)
            if result["lacks"]:
                self.assertIn(f"- ({result['lacks']})", words)
            else:
                self.assertIn(f"{result['summary']['gap_ms']['median']:.3g}", words)

    def test_says_how_it_compares_and_who_is_missing(self):
        self.assertRegex(words_of(self.section("cut-silently")), "× (shorter|longer)|same")
        self.assertIn("skipped: not installed", words_of(self.page.find(".//header")))

    def test_the_links_of_the_overview_lead_somewhere(self):
        ids = {one.get("id") for one in self.page.iter() if one.get("id")}
        links = [one.get("href") for one in self.page.iter("a")]
        self.assertTrue(links)
        for link in links:
            self.assertIn(link[1:], ids)


class CostAndScale(unittest.TestCase):
    def test_have_a_curve_for_each_daemon(self):
        for name in ("cost.json", "scale.json"):
            page = xml.fromstring(page_of(name))
            plot = next(page.iter(f"{X}svg"))
            self.assertGreaterEqual(len(plot.findall(f"{X}polyline")), 2, name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
