#!/usr/bin/env python3
"""The installed unit starts the program that was installed, whatever the prefix.

check_unit.py CMAKE BUILD  installs the unit of BUILD below several prefixes, in a temporary DESTDIR
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile


def installed_unit(cmake, build, prefix):
    with tempfile.TemporaryDirectory() as root:
        subprocess.run([cmake, "--install", build, "--component", "unit", "--prefix", prefix],
                       check=True, capture_output=True, env={**os.environ, "DESTDIR": root})
        path = root + prefix + "/lib/systemd/system/vippyd.service"
        return pathlib.Path(path).read_text("utf-8")


def main():
    cmake, build = sys.argv[1:]
    for prefix in ("/opt/vippy", "/usr/local", "/usr"):
        unit = installed_unit(cmake, build, prefix)
        for key in ("ExecStartPre", "ExecStart"):
            program = re.search(rf"^{key}=(\S+)", unit, re.M)[1]
            assert program == prefix + "/sbin/vippyd", (prefix, key, program)
        assert "ExecReload=/bin/kill" in unit and "# Being late" in unit, prefix
    return 0


if __name__ == "__main__":
    sys.exit(main())
