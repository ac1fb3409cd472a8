#!/usr/bin/env python3
"""Room rules: which room may include what. Prints file:line for each breach.

rooms.py ROOT        checks ROOT/src
rooms.py --self-test proves that each rule bites
"""
import pathlib
import re
import sys
import tempfile

from sources import walk, write_tree

ROOMS = {"core": {"core"}, "packet": {"packet", "core"}, "platform": {"platform", "packet", "core"},
         "ctl": {"ctl", "core"}, "": {"", "core", "packet", "platform", "ctl"}}

# Core's first shelf: values. The other rooms that do not decide anything see only these.
VALUES = {"assert", "bitset", "bytes", "failure", "ip", "json_text", "limits", "listing", "octets",
          "plumb", "reason", "result", "rng", "time", "worst"}
# Core's third shelf: thought. Only core itself and the hall see it.
THOUGHT = {"advertise", "allot", "claims", "conflicts", "contents", "convergence", "detector",
           "due_groups",
           "graduate", "hearing", "interfaces", "membership", "neighbours", "node", "ownership",
           "question", "reconcile", "sessions", "standing", "view", "witness"}

STANDARD = set("""algorithm array bit cctype cerrno charconv chrono cinttypes climits cmath compare
    concepts cstddef cstdint cstdio cstdlib cstring deque exception functional initializer_list
    iterator limits list map memory new numeric optional queue ranges set source_location span
    stack string string_view system_error tuple type_traits unordered_map unordered_set utility
    variant vector version""".split())
# Beyond the standard library's values: who may include a library, by path below src.
LIBRARIES = {
    "tl/expected.hpp": r".*",
    "fmt/": r"(ctl/|platform/|[^/]+$).*",
    "simdjson": r"core/\w*_json\w*\.cpp|core/wire1\w*\.cpp|ctl/\w+\.cpp|recorder\w*\.cpp",
    "openssl/": r"core/(auth|keys|placement)\.cpp",
    "nlohmann/": r"ctl/.*|[^/]+$",
    "CLI/": r"vippyd\w*\.(cpp|h)|ctl/vippyctl\w*\.(cpp|h)",
    "curl/": r"ctl/(vippyctl|client)\w*\.(cpp|h)",
    "pcap": r"packet/inject_\w+\.cpp",
    "liburing": r"platform/linux/.*",
    "netlink/": r"platform/linux/.*",
    "cap-ng": r"platform/linux/.*",
    "libdlpi": r"platform/illumos/.*",
}
OS_HEADERS = r"platform/.*|packet/inject_\w+\.cpp|ctl/(vippyctl|client|plugin)\w*\.cpp|[^/]+$"
OS_SWITCH = re.compile(r"^\s*#\s*(?:el)?if.*\b(__linux__|__linux|__sun|__illumos__)\b")
INCLUDE = re.compile(r'\s*#\s*include\s+(["<])([^">]+)')


def library_breach(relative, header):
    for library, home in LIBRARIES.items():
        if header.startswith(library):
            allowed = re.fullmatch(home, relative)
            return None if allowed else f"<{header}> may be included only where {home} matches"
    if header in STANDARD or re.fullmatch(OS_HEADERS, relative):
        return None
    return f"<{header}> belongs to the platform, not here: hand the value in"


def shelf(target):
    name = re.sub(r"\.h$", "", target.split("/")[-1])
    if name in VALUES:
        return "values"
    return "thought" if name in THOUGHT or name.startswith("node_") else "speech"


def core_breach(relative, room, target):
    above = {"values": 0, "speech": 1, "thought": 2}[shelf(target)]
    if room in ("packet", "platform") and above > 0:
        return f"{room} may include only core's values ({', '.join(sorted(VALUES))})"
    if room == "ctl" and above > 1:
        return "ctl may not include what decides: render core's status values"
    if room == "core" and relative.endswith(".h"):
        own = {"values": 0, "speech": 1, "thought": 2}[shelf(relative)]
        if above > own:
            return f"core's shelves go one way: {shelf(relative)} may not include {shelf(target)}"
    return None


def own_breach(relative, room, target):
    to = target.split("/")[0] if "/" in target else ""
    if to not in ROOMS[room]:
        return f"{room or 'src'} may not include {to or 'the hall'}"
    if to == "core":
        return core_breach(relative, room, target)
    for one, other in (("linux", "illumos"), ("illumos", "linux")):
        if relative.startswith(f"platform/{one}/") and target.startswith(f"platform/{other}/"):
            return f"the {one} folder may not include the {other} folder"
    return None


def breaches(root):
    for path, text in walk(root, {".h", ".cpp"}, ("src",)):
        relative = path[len("src/"):]
        room = relative.split("/")[0] if "/" in relative else ""
        if room not in ROOMS:
            yield f"{path}:1: {room} is no room of the house"
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if OS_SWITCH.match(line):
                yield f"{path}:{number}: CMake chooses the system by folder: no #if for it"
            match = INCLUDE.match(line)
            if not match:
                continue
            why = (own_breach(relative, room, match[2]) if match[1] == '"'
                   else library_breach(relative, match[2]))
            if why:
                yield f"{path}:{number}: {why}"


BAD = {
    "src/core/a.cpp": '#include "platform/platform.h"\n',
    "src/core/b.cpp": "#include <sys/socket.h>\n",
    "src/core/c.cpp": "#include <thread>\n",
    "src/core/d.cpp": "#include <iostream>\n",
    "src/core/e.cpp": "#include <simdjson.h>\n",
    "src/core/f.cpp": "#include <openssl/evp.h>\n",
    "src/core/ip.h": '#include "core/config.h"\n',
    "src/core/config.h": '#include "core/membership.h"\n',
    "src/packet/a.cpp": "#include <pcap.h>\n",
    "src/packet/b.cpp": '#include "core/config.h"\n',
    "src/packet/c.cpp": '#include "ctl/server.h"\n',
    "src/platform/linux/a.cpp": '#include "platform/illumos/loop.h"\n',
    "src/platform/linux/b.cpp": '#include "core/node.h"\n',
    "src/platform/c.cpp": "#include <liburing.h>\n",
    "src/platform/d.cpp": "#ifdef __sun\n#endif\n",
    "src/platform/e.cpp": "#if defined(__linux__)\n#endif\n",
    "src/ctl/a.cpp": '#include "core/node.h"\n',
    "src/ctl/b.cpp": "#include <unistd.h>\n",
    "src/ctl/c.cpp": '#include "daemon.h"\n',
    "src/daemon.cpp": "#include <CLI/CLI.hpp>\n",
    "src/spare/a.cpp": "int a;\n",
}
GOOD = {
    "src/core/config_json.cpp": '#include <simdjson.h>\n#include <vector>\n#include "core/ip.h"\n',
    "src/core/node.h": '#include "core/config.h"\n#include "core/membership.h"\n',
    "src/packet/inject_pcap.cpp": '#include <pcap.h>\n#include <unistd.h>\n#include "core/ip.h"\n',
    "src/platform/linux/loop.cpp": "#include <liburing.h>\n#include <sys/epoll.h>\n",
    "src/ctl/vippyctl.cpp": '#include <CLI/CLI.hpp>\n#include "core/status.h"\n',
    "src/daemon.cpp": '#include <fstream>\n#include "core/node.h"\n#include "ctl/server.h"\n',
}


def self_test():
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, GOOD)
        found = list(breaches(pathlib.Path(root)))
        assert not found, found
    for path, text in BAD.items():
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {path: text})
            found = list(breaches(pathlib.Path(root)))
            assert len(found) == 1 and found[0].startswith(path + ":1:"), (path, found)
    print(f"{len(BAD)} breaches were noticed, {len(GOOD)} good files passed")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = list(breaches(pathlib.Path(sys.argv[1])))
    sys.stdout.writelines(line + "\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
