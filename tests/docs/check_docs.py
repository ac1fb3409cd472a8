#!/usr/bin/env python3
"""Holds the documentation against the programs. Prints a line for each breach.

check_docs.py ROOT VIPPYD VIPPYCTL              checks README.md, CHANGELOG.md and docs/
check_docs.py ROOT VIPPYD VIPPYCTL --self-test  proves that each rule bites

Rules: config, keys, defaults, options, log, reasons, link, file, source.
Conventions of the documents:
  ```json with "chat" in it          a whole configuration: `vippyd --check` must like it
  ```console after it, "$ vippyd"    what that command really says about it
  docs/config.md, table rows         | `key` | meaning | `default` | ... under "## Keys"
  docs/operations.md, table rows     | priority | `log line with WORDS` | ...
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
MAN_BLOCK = re.compile(r"^\.Bd -literal[^\n]*\n(\{.*?)^\.Ed$", re.M | re.S)
# What `vippyd --check` says of the machine that runs this test is not the document's business.
OF_THIS_HOST = re.compile(r"this host has no interface|has no address in|is no address of this|"
                          r"of this host's interfaces")
# Documents show a secret that is to be replaced.
EXAMPLE_SECRET = "secret: still the example's"


def documents(root):
    return [path for path in [root / "README.md", root / "CHANGELOG.md",
                              *sorted((root / "docs").rglob("*.md"))] if path.exists()]


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=20, check=False,
                          stdin=subprocess.DEVNULL)


def check_config(programs, text, *words):
    """Exit status, standard output and the lines that do not speak of this very machine."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vippy.conf")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        done = run(programs[0], "-c", path, *words)
        said = (done.stderr + done.stdout).replace(path, "vippy.conf")
    return done.returncode, [line for line in said.splitlines()
                             if not OF_THIS_HOST.search(line) and EXAMPLE_SECRET not in line]


def node_of(text):
    nodes = re.search(r"""["']nodes["']\s*:\s*\[\s*["']([^"']+)""", text)
    return nodes[1] if nodes else "n1"


def blocks_of(path):
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        return [(match[1], match[2]) for match in FENCE.finditer(text)]
    return [("json", match[1].replace("\\&", "").replace("\\e", "\\"))
            for match in MAN_BLOCK.finditer(text)]


def config_breaches(root, programs):
    for path in documents(root) + sorted((root / "docs/man").glob("*.[58]")):
        blocks = blocks_of(path)
        for index, (language, text) in enumerate(blocks):
            if language != "json" or not re.search(r'"chat"\s*:', text):
                continue
            following = blocks[index + 1] if index + 1 < len(blocks) else ("", "")
            name = path.relative_to(root)
            if following[0] == "console" and following[1].startswith("$ vippyd"):
                command, *shown = following[1].splitlines()
                words = command.removeprefix("$ vippyd").split()
                words = [word for word in words if word not in ("-c", "vippy.conf")]
                _, said = check_config(programs, text, "-n", node_of(text), *words)
                if said != shown:
                    yield f"{name}: config: `{command}` says {said}, the page shows {shown}"
                continue
            status, said = check_config(programs, text, "-n", node_of(text), "--check")
            if status != 0 or len(said) != 1:
                yield f"{name}: config: block {index + 1} is not good: {said}"


def minimal_print(programs):
    minimal = '{"chat": "239.1.1.1:5007", "secret": "s", "vips": [], "nodes": []}'
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(minimal)
        file.flush()
        printed = json.loads(run(programs[0], "--print-config", "-c", file.name).stdout)
    for key, value in printed.pop("logging").items():
        printed["logging." + key] = value
    return printed


def key_table(root):
    text = (root / "docs/config.md").read_text("utf-8")
    section = re.search(r"^## Keys$(.*?)^## ", text, re.M | re.S)
    rows = re.findall(r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|", section[1] if section else "", re.M)
    return {key: default.strip() for key, default in rows}


def key_breaches(root, programs):
    known = set(minimal_print(programs))
    man = (root / "docs/man/vippy.conf.5").read_text("utf-8")
    section = re.search(r"^\.Sh KEYS$(.*?)^\.Sh ", man, re.M | re.S)
    for name, told in (("docs/config.md", set(key_table(root))),
                       ("docs/man/vippy.conf.5",
                        set(re.findall(r"^\.It Cm ([\w.-]+)", section[1] if section else "",
                                       re.M)))):
        for key in sorted(known - told):
            yield f"{name}: keys: `{key}` is a key and is not described"
        for key in sorted(told - known):
            yield f"{name}: keys: `{key}` is described and no key"


def default_breaches(root, programs):
    printed = minimal_print(programs)
    for key, cell in key_table(root).items():
        if cell == "required":
            if key not in ("chat", "secret", "vips", "nodes"):
                yield f"docs/config.md: defaults: `{key}` is not required"
            continue
        try:
            told = json.loads(cell.strip("`"))
        except ValueError:
            yield f"docs/config.md: defaults: `{key}`: {cell} is no JSON"
            continue
        if key in printed and told != printed[key]:
            yield f"docs/config.md: defaults: `{key}` is {json.dumps(printed[key])}, not {cell}"


def option_breaches(root, programs):
    for program, page in zip(programs, ("vippyd.8", "vippyctl.8")):
        usage = run(program, "--help").stdout
        real = set()
        for line in re.findall(r"^  (-\S+)", usage, re.M):
            real |= {word for word in line.split(",") if word.startswith("-")}
        real = {re.match(r"--?[\w-]+", word)[0] for word in real}
        man = (root / "docs/man" / page).read_text("utf-8")
        told = set()
        for row in re.findall(r"^\.It Fl (.*)$", man, re.M):
            for word in re.split(r"[ ,]+", row.split(" Ar ")[0]):
                if word and word != "Fl":
                    told.add("-" + word.replace("\\-", "-"))
        for option in sorted(real - told):
            yield f"docs/man/{page}: options: {option} is not described"
        for option in sorted(told - real):
            yield f"docs/man/{page}: options: {option} is described and no option"


def log_lines(root):
    """(priority, template with {}) of every log event."""
    text = (root / "src/log_text.cpp").read_text("utf-8")
    words = text[text.index("struct Words"):]
    pattern = r'Priority::(\w+),\s*(?:fmt::format\(\s*)?((?:"(?:[^"\\]|\\.)*"\s*)+)'
    for priority, literals in re.findall(pattern, words):
        template = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)).replace('\\"', '"')
        yield priority, re.sub(r"\{[^}]*\}", "{}", template)


def log_breaches(root, _programs):
    text = (root / "docs/operations.md").read_text("utf-8")
    told = set(re.findall(r"^\| (emerg|alert|crit|err|warning|notice|info|debug) \| `([^`]+)` \|",
                          text, re.M))
    used = set()
    for priority, template in log_lines(root):
        parts = [re.escape(part) for part in template.split("{}")]
        pattern = re.compile("[A-Z_]+".join(parts))
        found = {row for row in told if row[0] == priority and pattern.fullmatch(row[1])}
        used |= found
        if not found:
            yield f"docs/operations.md: log: no row for {priority} \"{template}\""
    for priority, line in sorted(told - used):
        yield f"docs/operations.md: log: vippyd does not say {priority} \"{line}\""


def reason_breaches(root, _programs):
    text = (root / "docs/operations.md").read_text("utf-8")
    source = (root / "src/core/reason.cpp").read_text("utf-8")
    for reason in re.findall(r'Reason::\w+: return "([^"]+)"', source):
        if f"`{reason}`" not in text:
            yield f"docs/operations.md: reasons: `{reason}` is not explained"


def slugs(text):
    for heading in re.findall(r"^#+ (.*)$", re.sub(FENCE, "", text), re.M):
        plain = re.sub(r"[`*]", "", heading).strip().lower()
        yield re.sub(r"[^\w -]", "", plain).replace(" ", "-")


def link_breaches(root, _programs):
    for path in documents(root):
        text = re.sub(FENCE, "", path.read_text("utf-8"))
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            place = path.parent / file if file else path
            if not place.exists():
                yield f"{path.relative_to(root)}: link: {target} does not exist"
            elif anchor and anchor not in slugs(place.read_text("utf-8")):
                yield f"{path.relative_to(root)}: link: {target} has no such heading"


def file_breaches(root, _programs):
    pattern = re.compile(r"(?<![\w./-])((?:(?:src|tests|docs|tools|perf|cmake)/|conf/vippy)"
                         r"[\w./*{},-]*)")
    for path in documents(root) + sorted((root / "docs/man").glob("*.[58]")):
        for mention in pattern.findall(path.read_text("utf-8")):
            name = mention.rstrip(".,").replace("\\", "")
            braces = re.match(r"(.*)\{(.*)\}(.*)", name)
            names = [braces[1] + word + braces[3] for word in braces[2].split(",")] if braces \
                else [name]
            for one in names:
                if not list(root.glob(one.rstrip("/"))):
                    yield f"{path.relative_to(root)}: file: {one} does not exist"


def source_breaches(root, _programs):
    """Comments of the sources that send the reader to a page, and to a heading of it."""
    for path in sorted([*(root / "src").rglob("*.[hc]*"), *(root / "tests").rglob("*.[hc]*")]):
        text = re.sub(r"\n *// +", " ", path.read_text("utf-8", "replace"))
        for page, heading in re.findall(r'(docs/[\w/-]+\.md)(?:, "([^"]+)")?', text):
            if not (root / page).exists():
                yield f"{path.relative_to(root)}: source: {page} does not exist"
            elif heading and f" {heading.lower()}\n" not in re.sub(
                    r"[`*]", "", (root / page).read_text("utf-8").lower()):
                yield f"{path.relative_to(root)}: source: {page} has no heading \"{heading}\""


RULES = (config_breaches, key_breaches, default_breaches, option_breaches, log_breaches,
         reason_breaches, link_breaches, file_breaches, source_breaches)


def breaches(root, programs):
    for rule in RULES:
        yield from rule(root, programs)


# (rule, file, what is there, what is put in its place)
SPOILT = [
    ("config", "README.md", '"secret":', '"sekret":'),
    ("config", "docs/config.md", '"stale": "soon"', '"stale": "late"'),
    ("config", "docs/man/vippy.conf.5", '"nodes"', '"knots"'),
    ("keys", "docs/config.md", "| `notify-rate` |", "| `notify_rate` |"),
    ("keys", "docs/man/vippy.conf.5", ".It Cm inject", ".It Cm injector"),
    ("defaults", "docs/config.md", "| `15` |", "| `16` |"),
    ("options", "docs/man/vippyd.8", "\\-print-config", "\\-print"),
    ("options", "docs/man/vippyctl.8", ".It Fl \\-json", ".It Fl \\-jason"),
    ("log", "docs/operations.md", "| notice | `this node is active`", "| err | `this node`"),
    ("reasons", "docs/operations.md", "`maturing`", "`ripening`"),
    ("link", "README.md", "](docs/config.md", "](docs/configuration.md"),
    ("file", "docs/architecture.md", "src/core/node.h", "src/core/knot.h"),
    ("source", "docs/protocol.md", "Graduation", "Adoption"),
]


def self_test(root, programs):
    failures = list(breaches(root, programs))
    for rule, file, there, instead in SPOILT:
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "root"
            shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".git", "build", "corpus"))
            text = (copy / file).read_text("utf-8")
            if there not in text:
                failures.append(f"self-test: {file} does not hold {there!r}")
                continue
            (copy / file).write_text(text.replace(there, instead), "utf-8")
            found = [line for line in breaches(copy, programs) if f": {rule}: " in line]
            if not found:
                failures.append(f"self-test: {rule}: {instead!r} in {file} was not noticed")
    return failures


def main():
    root = pathlib.Path(sys.argv[1])
    programs = sys.argv[2:4]
    found = self_test(root, programs) if "--self-test" in sys.argv else \
        list(breaches(root, programs))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
