#!/usr/bin/env python3
"""Each header of src compiles alone.

headers.py ROOT BUILD  compiles them with the compiler and include paths of BUILD's
                       compile_commands.json, two at a time, through ccache where there is one
headers.py --self-test proves that a header that leans on others is noticed
"""
import concurrent.futures
import json
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

from sources import walk, write_tree

AT_ONCE = 2
FLAG_PREFIXES = ("-I", "-D", "-std=")


def settings(build):
    """The compiler and every include path, macro and standard that the build uses."""
    compiler = "c++"
    flags = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        compilers = [word for word in words if word.endswith("++")]
        compiler = compilers[0] if compilers else compiler
        for word, following in zip(words, words[1:] + [""]):
            if word == "-isystem":
                flags.append(word + following)
            elif word.startswith(FLAG_PREFIXES) and "_main" not in word:
                flags.append(word)
    return compiler, list(dict.fromkeys(flags))


def fault(compiler, flags, header, folder):
    name = header.replace("/", "_")
    source = folder / f"{name}.cpp"
    text = f'#include "{header}"\n'
    # An unchanged file keeps ccache's direct mode.
    if not source.exists() or source.read_text() != text:
        source.write_text(text)
    launcher = [shutil.which("ccache")] if shutil.which("ccache") else []
    run = subprocess.run(
        [*launcher, compiler, *flags, "-c", str(source), "-o", str(folder / f"{name}.o")],
        capture_output=True, text=True, errors="replace")
    if run.returncode == 0:
        return None
    first = next((line for line in run.stderr.splitlines() if "error" in line), run.stderr)
    return f"src/{header}:1: does not compile alone: {first}"


def faults(root, compiler, flags, folder):
    folder.mkdir(parents=True, exist_ok=True)
    headers = [path[len("src/"):] for path, _ in walk(root, {".h"}, ("src",))
               if not path.startswith("src/platform/illumos/")]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = pool.map(lambda header: fault(compiler, flags, header, folder), headers)
        return [result for result in results if result]


def self_test():
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        write_tree(root, {"src/good.h": "#include <vector>\nstd::vector<int> numbers();\n",
                          "src/bad.h": "std::vector<int> numbers();\n"})
        found = faults(root, "c++", ["-std=c++20", f"-I{root}/src"], root / "out")
        assert len(found) == 1 and found[0].startswith("src/bad.h:1:"), found
    print("a header that leans on others was noticed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root, build = map(pathlib.Path, sys.argv[1:])
    found = faults(root, *settings(build), build / "lint")
    sys.stdout.writelines(line + "\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
