#!/usr/bin/env python3
"""Style by machine: sizes, banned calls, test twins. Prints file:line for each breach.

tidy.py ROOT         checks ROOT/src, ROOT/tests and ROOT/perf
tidy.py --self-test  proves that each rule bites

Rules: line, function, file, banned, left-over, twin, excuse. A breach that must stay is listed in
excuses.txt beside this file, as "rule path reason".
"""
import pathlib
import re
import subprocess
import sys
import tempfile

from sources import blank, excuses, walk, write_tree

LINE_COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500
CODE = {".h", ".cpp"}
TEXT = CODE | {".py", ".sh", ".js", ".cmake"}

# (pattern, where: path pattern, where not, what to use instead)
BANNED = [
    (r"\bsteady_clock\b", r"src/", r"src/platform/", "Platform::now(), or the parameter `now`"),
    (r"\bsystem_clock\b", r"src/core/", None, "a parameter: the core reads no clock"),
    (r"(?<![\w:])(?:std::)?s?rand\(", r"src/|tests/|perf/", None, "core::Rng"),
    (r"\bstd::random_device\b", r"src/|tests/", None, "core::Rng with a seed that is handed in"),
    (r"(?<![\w.])assert\(", r"src/", None, "VIPPY_ASSERT"),
    (r"\bstd::(cout|cerr|clog)\b", r"src/", None, "log.h, or fmt::print in a program"),
    (r"\bstrerror(_r)?\(", r"src/", r"src/platform/os_error\.cpp", "platform::explain"),
    (r"\bdefault\s*:", r"src/core/", None, "a case for each enumerator"),
    (r"\bstd::function\b", r"src/core/", None, "a value: the core has no callbacks"),
    (r"\b(u|nano)?sleep\(|\bsleep_(for|until)\(", r"tests/.*\.(cpp|h)$", None,
     "virtual time, or waiting for the event itself"),
]
LEFT_OVER = re.compile(r"\b(" + "|".join(("FIX" + "ME", "TO" + "DO", "XX" + "X")) + r")\b")


def line_breaches(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LINE_COLUMNS_MAX:
            yield "line", path, number, f"{len(line)} columns, at most {LINE_COLUMNS_MAX}"
        if LEFT_OVER.search(line):
            yield "left-over", path, number, "finish it, or say it in docs/"
    count = text.count("\n")
    if count > FILE_LINES_MAX:
        yield "file", path, 1, f"{count} lines, at most {FILE_LINES_MAX}: split it at a seam"


def banned_breaches(path, text):
    code = blank(text)
    for pattern, where, where_not, instead in BANNED:
        if not re.match(where, path) or (where_not and re.match(where_not, path)):
            continue
        for match in re.finditer(pattern, code):
            number = code.count("\n", 0, match.start()) + 1
            yield "banned", path, number, f"`{match[0]}` is banned here: use {instead}"


def function_breaches(root):
    trees = [str(root / tree) for tree in ("src", "tests", "perf") if (root / tree).exists()]
    output = subprocess.run(
        ["ctags", "-R", "--languages=c++", "--langmap=c++:.h.cpp", "--kinds-c++=f",
         "--fields=+ne", "-f", "-", *trees],
        check=True, capture_output=True, text=True, errors="replace").stdout
    for row in output.splitlines():
        name, path = row.split("\t")[:2]
        begin = re.search(r"\tline:(\d+)", row)
        end = re.search(r"\tend:(\d+)", row)
        if not begin or not end:
            continue
        lines = int(end[1]) - int(begin[1]) + 1
        if lines > FUNCTION_LINES_MAX:
            relative = pathlib.Path(path).relative_to(root).as_posix()
            yield ("function", relative, int(begin[1]),
                   f"{name} has {lines} lines, at most {FUNCTION_LINES_MAX}")


def twin_breaches(root):
    for room in ("core", "packet"):
        for source in sorted((root / "src" / room).glob("*.cpp")):
            twin = root / "tests" / room / f"{source.stem}_test.cpp"
            if not twin.exists():
                yield "twin", f"src/{room}/{source.name}", 1, \
                    f"has no {twin.relative_to(root)}: write it"


def all_breaches(root):
    for path, text in walk(root, TEXT):
        yield from line_breaches(path, text)
    for path, text in walk(root, CODE):
        yield from banned_breaches(path, text)
    yield from function_breaches(root)
    yield from twin_breaches(root)


def breaches(root):
    excused = excuses(root)
    used = set()
    for rule, path, number, text in all_breaches(root):
        if (rule, path) in excused:
            used.add((rule, path))
        else:
            yield f"{path}:{number}: {rule}: {text}"
    for rule, path in sorted(excused - used):
        yield f"tests/lint/excuses.txt:1: excuse: `{rule} {path}` excuses nothing: take it out"


BODY = "".join(f"  a({i});\n" for i in range(70))
# (rule, files)
BAD = [
    ("line", {"src/a.cpp": "// " + "x" * 98 + "\n"}),
    ("file", {"src/a.cpp": "\n" * 501}),
    ("function", {"src/a.cpp": "void a(int) {\n" + BODY + "}\n"}),
    ("left-over", {"tests/a.cpp": "// FIX" + "ME later\n"}),
    ("banned", {"src/core/a.h": "auto t = std::chrono::steady_clock::now();\n"}),
    ("banned", {"src/a.cpp": "int i = rand();\n"}),
    ("banned", {"tests/a.cpp": "std::random_device device;\n"}),
    ("banned", {"src/a.cpp": "assert(1);\n"}),
    ("banned", {"src/a.cpp": "void f() { std::cout << 1; }\n"}),
    ("banned", {"src/a.cpp": "auto s = strerror(1);\n"}),
    ("banned", {"src/core/a.h": "switch (a) { default: return; }\n"}),
    ("banned", {"tests/a.cpp": "void f() { usleep(1); }\n"}),
    ("banned", {"tests/a.cpp": "void f() { std::this_thread::sleep_for(x); }\n"}),
    ("twin", {"src/core/a.cpp": "int a;\n"}),
    ("twin", {"src/packet/a.cpp": "int a;\n"}),
    ("excuse", {"tests/lint/excuses.txt": "line src/a.cpp a table\n"}),
]
GOOD = {
    "src/core/a.cpp": '// rand() and assert() in words\nstatic_assert(1);\nauto s = "default:";\n',
    "tests/core/a_test.cpp": "int operand(int);\nint b = operand(1);\nauto t = \"XXXXXX\";\n",
    "src/platform/linux/a.cpp": "auto t = std::chrono::steady_clock::now();\n",
    "src/long.cpp": "\n" * 501,
    "tests/lint/excuses.txt": "# rule path reason\nfile src/long.cpp a table\n",
}


def self_test():
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, GOOD)
        found = list(breaches(pathlib.Path(root)))
        assert not found, found
    for rule, files in BAD:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, files)
            found = list(breaches(pathlib.Path(root)))
            assert len(found) == 1 and f": {rule}: " in found[0], (rule, files, found)
    print(f"{len(BAD)} breaches were noticed, {len(GOOD)} good files passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = list(breaches(pathlib.Path(sys.argv[1])))
    sys.stdout.writelines(line + "\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
