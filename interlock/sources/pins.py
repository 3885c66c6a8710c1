"""Pins: what each source held when it was last accepted, in git as `data/sources/<usecase>.yaml`."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta
from ruamel.yaml import YAML

from interlock.errors import SourceError, listed
from interlock.files import sha256, write_text
from interlock.params import UNREADABLE, Section
from interlock.sources.connectors import File, Located, about, locate
from interlock.sources.spec import DatabaseTable, TableSpec, connector

FOLDER = Path("data/sources")
LONGEST = 1_000
HEAD = "# What each source held when it was last accepted. Written by: interlock refresh\n"
REFRESH = "look at what changed, and accept it, by: interlock refresh"
REREAD = "name a high_water that moves with every change; accept the rows by deleting the table's pin, and: interlock refresh"

Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**62)]  # no file and no table holds more


class Content(Section, frozen=True, omit_defaults=True):
    """One file: its name within the source, size in bytes, and hash; `etag` is the object storage's word for a version."""

    name: str
    size: Count
    sha256: str = ""
    md5: str = ""
    etag: str = ""


class Pin(Section, frozen=True, kw_only=True, omit_defaults=True):
    """A source as it was: by which connector, from where, which version of a package, and its files in order.

    Of a database the hash of the query, and how many rows there were up to which high-water mark.
    """

    connector: str
    location: str
    version: str = ""
    query: str = ""
    rows: Count | None = None
    mark: int | str | None = None
    files: list[Content]


def place(usecase: str) -> Path:
    return FOLDER / f"{usecase}.yaml"


def load(usecase: str) -> dict[str, Pin]:
    """The pins of the use case by table, none where nothing was pinned yet; raises SourceError where they cannot be read."""
    path = place(usecase)
    try:
        pins = msgspec.convert(YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}, dict[str, Pin])
        for table, pinned in pins.items():
            if bare := [file.name for file in pinned.files if not (file.sha256 or file.md5)]:
                raise ValueError(f"table {listed([table])}: {listed(bare)} has no hash")  # its size alone would tell nothing
    except FileNotFoundError:
        return {}
    except UNREADABLE as error:
        raise SourceError(
            f"{path} does not hold pins: {str(error)[:LONGEST]}",
            f"restore it (git checkout {path}), or delete it and run: interlock refresh",
        ) from error
    return pins


def save(usecase: str, pins: Mapping[str, Pin]) -> None:
    """Write the pins, tables by name, one key a line."""
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 4096
    yaml.dump({table: msgspec.to_builtins(pins[table]) for table in sorted(pins)}, text)
    write_text(place(usecase), HEAD + text.getvalue())


def examine(table: str, spec: TableSpec, scratch: Path, pinned: Pin | None = None) -> tuple[Pin, list[tuple[str, Path]]]:
    """What the source of `table` holds now, and its files (name, path); those that are elsewhere are copied to `scratch`.

    A database whose row count and high-water mark are as `pinned` is not read, and has no files then.
    """
    if isinstance(spec, DatabaseTable):
        there = pin(spec, locate(table, spec), pinned.files if pinned else []) if spec.high_water else None
        return (there, []) if there and there == pinned else queried(table, spec, scratch, None)
    located = locate(table, spec)
    with about(table):
        contents = [_content(file, scratch / f"{table}-{number}") for number, file in enumerate(located.files)]
    paths = [(file.name, file.path or scratch / f"{table}-{number}") for number, file in enumerate(located.files)]
    return pin(spec, located, contents), paths


def queried(table: str, spec: DatabaseTable, scratch: Path, mark: int | str | None) -> tuple[Pin, list[tuple[str, Path]]]:
    """The rows of `table` up to `mark`, all where it is None, copied to `scratch`, and their pin."""
    from interlock.sources import database

    with about(table):
        located = database.snapshot(spec, scratch / f"{table}-rows", mark)
    contents = [Content(file.name, file.size, sha256=file.sha256) for file in located.files]
    return pin(spec, located, contents), [(file.name, file.path) for file in located.files if file.path]


def pin(spec: TableSpec, located: Located, files: list[Content]) -> Pin:
    told = {key: getattr(located, key) for key in ("location", "version", "query", "rows", "mark")}
    return Pin(connector=connector(spec), files=files, **told)


def verify(tables: Mapping[str, TableSpec], pins: Mapping[str, Pin], scratch: Path) -> dict[str, list[tuple[str, Path]]]:
    """The files (name, path) of every table, each with the very content that is pinned.

    Raises SourceError where a source moved: anything in it is not as pinned.
    """
    files = {}
    for table, spec in tables.items():
        pinned = pins.get(table)
        if isinstance(spec, DatabaseTable):
            there, files[table] = queried(table, spec, scratch, pinned.mark if pinned else None)
        else:
            there, files[table] = examine(table, spec, scratch)
        if change := moved(pinned, there):
            unseen = pinned is not None and pinned.mark is not None and (pinned.query, pinned.rows) == (there.query, there.rows)
            raise SourceError(f"table {table} moved: {change}", REREAD if unseen else REFRESH)
    return files


def moved(pinned: Pin | None, there: Pin) -> str:
    """What is there and was not pinned, in words; empty where nothing moved."""
    if pinned is None:
        return f"it was never pinned, there is {there.location}"
    for what in ("connector", "location", "version"):
        was, now = getattr(pinned, what), getattr(there, what)
        if was != now:
            return f"pinned is {what} {listed([was]) if was else 'none'}, there is {listed([now]) if now else 'none'}"
    if pinned.query != there.query:
        return "its table, query, order_by or high_water is another than was pinned"
    if (pinned.rows, pinned.mark) != (there.rows, there.mark):
        return f"pinned are {_rows(pinned)}, there are {_rows(there)}"
    names = [file.name for file in pinned.files], [file.name for file in there.files]
    if names[0] != names[1]:
        gone, new = sorted(set(names[0]) - set(names[1])), sorted(set(names[1]) - set(names[0]))
        return f"pinned are {len(names[0])} files, there are {len(names[1])} (new: {_few(new)}; gone: {_few(gone)})"
    return next((change for was, now in zip(pinned.files, there.files, strict=True) if (change := _changed(was, now, there.rows))), "")


def _changed(was: Content, now: Content, rows: int | None) -> str:
    """How the content differs, by its size and the strongest mark that both have."""
    mark = next((mark for mark in ("sha256", "md5", "etag") if getattr(was, mark) and getattr(now, mark)), "size")
    if mark == "size" and (now.sha256 or now.md5):
        return f"pinned of {listed([was.name])} is no {'sha256' if now.sha256 else 'md5'}"
    marks = getattr(was, mark), getattr(now, mark)
    if marks[0] == marks[1] and was.size == now.size:
        return ""
    if rows is not None:
        return f"its {rows:,} rows do not hold what they held"
    told = [f"{mark} {str(value)[:12]}, {size:,} bytes" for value, size in zip(marks, (was.size, now.size), strict=True)]
    return f"pinned of {listed([was.name])} is {told[0]}; there is {told[1]}"


def _content(file: File, copy: Path) -> Content:
    if file.path is None:
        from interlock.sources.storage import fetch

        size, digest, etag = fetch(file.name, copy)
        return Content(file.name, size, sha256=digest, etag=etag)
    if not file.md5:
        return Content(file.name, file.size, sha256=sha256(file.path))
    return Content(file.name, file.size, md5=promised(file, md5(file.path)))


def promised(file: File, found: str) -> str:
    """The MD5 `found` in a file that DVC tracks; raises SourceError where its `.dvc` says another."""
    if found != file.md5:
        what = f"{file.name} has MD5 {found[:12]}, and its .dvc says {file.md5[:12]}"
        raise SourceError(what, f"keep it by: dvc add {file.name}, or restore it by: dvc checkout {file.name}")
    return found


def md5(path: Path) -> str:
    """The MD5 of a file's content, which DVC names content by."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _rows(pin: Pin) -> str:
    return f"{pin.rows:,} rows" + (f" up to {listed([str(pin.mark)])}" if pin.mark is not None else "")


def _few(names: list[str]) -> str:
    return listed(names[:3]) + (" …" if len(names) > 3 else "") if names else "none"
