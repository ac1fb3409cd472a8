"""What the lint scripts share: walking the sources, blanking comments and strings, excuses."""
import pathlib
import re

TREES = ("src", "tests", "perf")
SKIPPED = ("tests/golden/", "tests/fuzz/corpus/")


def walk(root, suffixes, trees=TREES):
    """Yields (path relative to root, text) of the sources with these suffixes, sorted."""
    for tree in trees:
        for path in sorted((root / tree).rglob("*")):
            relative = path.relative_to(root).as_posix()
            if path.suffix in suffixes and path.is_file() and not relative.startswith(SKIPPED):
                yield relative, path.read_text(encoding="utf-8", errors="replace")


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
                   r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.S)


def blank(text, keep_comments=False):
    """Replaces strings (and comments) by blanks; lines keep their numbers."""
    def blanks(match):
        if keep_comments and match[0].startswith("/"):
            return match[0]
        return re.sub(r"[^\n]", " ", match[0])
    return TOKEN.sub(blanks, text)


def excuses(root):
    """tests/lint/excuses.txt: "rule path reason" a line; returns {(rule, path)}."""
    path = root / "tests/lint/excuses.txt"
    found = set()
    for line in path.read_text().splitlines() if path.exists() else []:
        words = line.split("#")[0].split(None, 2)
        if words:
            if len(words) < 3:
                raise SystemExit(f"{path}: an excuse is `rule path reason`: {line}")
            found.add((words[0], words[1]))
    return found


def write_tree(root, files):
    """For the self-tests: {relative path: text} below root."""
    for relative, text in files.items():
        path = pathlib.Path(root) / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
