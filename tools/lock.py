"""The part of requirements.txt that a team's own project installs: what the library runs on, and what can be added to it by conf.

Run by `make lock`. Followed is what the lock says of each package, `# via` whom it is there.
"""

import re
from pathlib import Path

from interlock.files import write_text

REQUIREMENTS = Path("requirements.txt")
PART = Path("interlock/scaffold/requirements.txt")
ROOT = "interlock (pyproject.toml)"
# The installer, the databases that a table can come from, and the online store that several processes share.
MORE = ("adbc-driver-manager", "adbc-driver-postgresql", "duckdb", "redis", "uv")
ENTRY = re.compile(r"^[A-Za-z0-9].*\n(?:[ \t]+.*\n)*", re.MULTILINE)
VIA = re.compile(r"^    #(?: via)? +(.+)$", re.MULTILINE)


def part(locked: str) -> str:
    """The entries of a lock that a team's project needs, in its order; of each its versions and hashes."""
    entries = ENTRY.findall(locked)
    kept: set[str] = set(MORE)
    while more := {_name(entry) for entry in entries if kept & _via(entry) or ROOT in _via(entry)} - kept:
        kept |= more
    return "".join(_bare(entry) for entry in entries if _name(entry) in kept)


def _name(entry: str) -> str:
    return entry.partition("==")[0]


def _via(entry: str) -> set[str]:
    return set(VIA.findall(entry))


def _bare(entry: str) -> str:
    return "".join(line for line in entry.splitlines(keepends=True) if not line.startswith("    #"))


if __name__ == "__main__":
    write_text(PART, part(REQUIREMENTS.read_text(encoding="utf-8")))
