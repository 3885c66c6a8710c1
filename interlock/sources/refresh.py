"""Pin the sources as they are now, and say what that changes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from interlock import frames
from interlock.errors import DeclarationError
from interlock.params import Section
from interlock.sources import pins
from interlock.sources.changes import Change, compare
from interlock.sources.pins import Pin
from interlock.sources.read import read
from interlock.sources.spec import Keep, Tables, TableSpec, World
from interlock.sources.world import restrict

RAW = Path("data/raw")


class Outcome(Section, frozen=True):
    """One table: what `moved`, empty where it is as pinned, and the change of its rows where it was read."""

    table: str
    first: bool
    moved: str
    change: Change | None


class Refreshed(Section, frozen=True):
    """What a refresh did: the file of pins, whether it was written, each table's outcome, and what could not be told."""

    pins: str
    written: bool
    tables: list[Outcome]
    note: str


def refresh(usecase: str, tables: Tables, world: World, say: Callable[[str], object]) -> Refreshed:
    """Pin every source of the use case, comparing those that moved with data/raw; `say` takes each table's name as it is begun.

    Raises SourceError, and pins nothing, where a source cannot be read.
    """
    pinned = pins.load(usecase)
    keys, note = _references(usecase)
    now: dict[str, Pin] = {}
    outcomes = []
    for table, spec in tables.items():
        say(table)
        now[table], outcome = _examined(table, spec, pinned.get(table), world.keep.get(table, Keep()), keys.get(table, ()))
        outcomes.append(outcome)
    if now != pinned:
        pins.save(usecase, now)
    return Refreshed(pins.place(usecase).as_posix(), now != pinned, outcomes, note)


def _examined(table: str, spec: TableSpec, pinned: Pin | None, keep: Keep, key: Sequence[str]) -> tuple[Pin, Outcome]:
    with TemporaryDirectory() as scratch:
        now, files = pins.examine(table, spec, Path(scratch), pinned)
        moved = pins.moved(pinned, now)
        if not moved:
            return now, Outcome(table, False, "", None)
        after = restrict(table, read(table, spec, files), keep)
    snapshot = RAW / f"{table}.parquet"
    before = frames.read(snapshot) if snapshot.is_file() else None
    return now, Outcome(table, pinned is None, moved, compare(before, after, key))


def _references(usecase: str) -> tuple[dict[str, tuple[str, ...]], str]:
    """The key of each reference of the use case, and why they are not known where its schema cannot be read."""
    from interlock.usecase import load_schema

    try:
        return {name: table.by for name, table in load_schema(usecase).tables.items() if table.part == "reference"}, ""
    except DeclarationError as error:
        return {}, f"which tables are references is not known, their cells are not compared: {error.found}"
