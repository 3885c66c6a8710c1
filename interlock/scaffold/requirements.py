"""The lock of a team's own project: what the wheel was tested with, the wheel itself by its hash, and the project's own packages."""

import re
from pathlib import Path

from interlock import library
from interlock.library import Vendored
from interlock.scaffold import templates
from interlock.scaffold.wheel import Wheel

VENDOR = Path("vendor")
ASKED = VENDOR / "library.in"
# What runs in every project beside what the library's metadata ask for, and what only tables in a database need.
ALWAYS = ("redis", "uv")
DRIVERS = ("adbc-driver-manager", "adbc-driver-postgresql", "duckdb")
ENTRY = re.compile(r"^[A-Za-z0-9.].*\n(?:[ \t]+.*\n)*", re.MULTILINE)
NAMED = re.compile(r"[\w.-]+(?===)")
HEADER = "# Every package that is installed, by its hash. The library's come with its wheel; with your own: make lock\n"


def vendored(wheel: Wheel) -> Vendored:
    return Vendored(VENDOR / wheel.file, wheel.sha256)


def text(wheel: Wheel, *, databases: bool, before: str = "", known: str = "") -> str:
    """requirements.txt for a wheel; of the one `before` the entries are kept that are not in the lock `known` of the wheel before."""
    fresh = [entry for entry in ENTRY.findall(templates.lock(wheel)) if databases or _name(entry) not in DRIVERS]
    names = set(map(_name, fresh))
    kept = [entry for name, entry in _own(before, known) if name not in names]
    return HEADER + vendored(wheel).line + "".join(sorted([*fresh, *kept], key=_name))


def own(before: str, known: str) -> list[str]:
    """The packages that a requirements file locks and the lock `known` of its wheel does not."""
    return sorted({name for name, _ in _own(before, known)})


def _own(before: str, known: str) -> list[tuple[str, str]]:
    names = set(map(_name, ENTRY.findall(known)))
    entries = [(_name(entry), entry) for entry in ENTRY.findall(before) if not library.vendored(entry)]
    return [(name, entry) for name, entry in entries if name not in names]


def asked(wheel: Wheel, *, databases: bool) -> str:
    """What `make lock` asks for beside the project's own packages."""
    names = [*ALWAYS, *(DRIVERS if databases else ())]
    return f"./{(VENDOR / wheel.file).as_posix()}\n" + "".join(f"{name}\n" for name in sorted(names))


def _name(entry: str) -> str:
    found = NAMED.match(entry)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""
