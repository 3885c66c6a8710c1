"""The tables that somebody brings: found, and read by the same connectors that the project will read them by."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import polars as pl

from interlock.drafting import names, reading
from interlock.errors import ConfigError, SourceError, listed
from interlock.frames import ROW
from interlock.sources.read import PARQUET, TEXT, read
from interlock.sources.spec import FilesTable
from interlock.sources.unpack import OPENERS

VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
STORAGE = ("s3://", "gs://", "az://", "https://", "http://")
EXPORT = "export WAREHOUSE_URI=… in your shell, and write: --from env:WAREHOUSE_URI"


@dataclass(frozen=True)
class Given:
    """One table: its name, what conf says of it, its rows, and the local files that they came from."""

    name: str
    spec: dict[str, Any]
    frame: pl.DataFrame
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = field(default=())
    glob: str = ""


def given(words: Sequence[str], say: Callable[[str], object]) -> list[Given]:
    """The tables that the `words` of --from name; `say` is told each as it is read.

    Raises ConfigError on an address with a password, or none; SourceError where a table is not there or cannot be read.
    """
    if odd := next((word for word in words if "://" in word and not word.startswith(STORAGE)), None):
        scheme = odd.partition("://")[0]
        raise ConfigError(f"--from holds the address of a database ({scheme}), which others could read in the list of processes", EXPORT)
    if found := VARIABLE.fullmatch(words[0]):
        return _database(found[1], words[1:], say)
    if any(VARIABLE.fullmatch(word) for word in words):
        raise ConfigError("--from mixes files and a database", "name the database first and its tables after it, or files alone")
    return _distinct([_files(place, say) for word in words for place in _places(word)])


def _places(word: str) -> list[str]:
    """The tables in a word: a file, an address or a glob is one, a folder holds one in each of its files."""
    folder = Path(word)
    if "://" in word or not folder.is_dir():
        return [word]
    inner = [str(path) for path in sorted(folder.iterdir()) if path.is_file() and _kind(path.name)]
    if not inner:
        raise SourceError(f"{word} holds no table", f"name files of the kinds {', '.join((*PARQUET, *TEXT))}")
    return inner


def _kind(name: str) -> str:
    """`.csv` of `x.csv.gz`; empty where it is no table."""
    suffixes = Path(name.lower()).suffixes
    last = suffixes[-2:-1] if suffixes and suffixes[-1] in OPENERS else suffixes[-1:]
    return last[0] if last and last[0] in (*PARQUET, *TEXT) else ""


def _files(word: str, say: Callable[[str], object]) -> Given:
    """The table of a file, an address or a glob."""
    say(word)
    name = names.table(re.sub(r"[*?\[\]]+", "", Path(word).name.split(".")[0]))
    if "://" in word:
        return _far(name, word)
    paths = _matching(word)
    spec = reading.spec_of(name, [(path.name, path) for path in paths], _kind(paths[0].name))
    frame = read(name, msgspec.convert({"from": "files", "path": word, **spec}, FilesTable), [(path.name, path) for path in paths])
    return replace(_one(name, spec, frame, tuple(paths)), glob=Path(word).name)


def _matching(word: str) -> list[Path]:
    path = Path(word)
    found = [path] if os.path.lexists(path) else sorted(path.parent.glob(path.name)) if path.parent.is_dir() else []
    if not found:
        raise SourceError(f"there is no file {word}", "mend the name after --from")
    if odd := next((each for each in found if not each.is_file() or not _kind(each.name)), None):
        raise SourceError(
            f"{odd} is no table", f"name files of the kinds {', '.join((*PARQUET, *TEXT))}; text may be packed as .gz or .zip"
        )
    return found


def _far(name: str, address: str) -> Given:
    from interlock.sources.pins import examine

    with TemporaryDirectory() as scratch:
        _, files = examine(name, FilesTable(path=address), Path(scratch))
        spec = reading.spec_of(name, files, _kind(files[0][0]))
        whole = {"from": "files", "path": address, **spec}
        return _one(name, whole, read(name, msgspec.convert(whole, FilesTable), files))


def _database(variable: str, tables: Sequence[str], say: Callable[[str], object]) -> list[Given]:
    from interlock.sources import database

    listed_there = tables or database.tables(variable)
    if not listed_there:
        raise SourceError(f"the database of {variable} holds no table", "name a table after it, with its schema before it")
    found = []
    for table in listed_there:
        say(table)
        try:
            found.append(_queried(variable, table))
        except SourceError as error:
            if tables or len(listed_there) == 1:
                raise
            say(f"{table} is left out: {error.found}")
    return _distinct(found)


def _queried(variable: str, table: str) -> Given:
    from interlock.sources import database
    from interlock.sources.pins import queried
    from interlock.sources.spec import DatabaseTable

    name = names.table(table.rpartition(".")[2])
    start = DatabaseTable(uri_env=variable, table=table)
    exact = dict.fromkeys(database.exact(start), "Float64")
    with TemporaryDirectory() as scratch:
        plain = msgspec.structs.replace(start, types=exact)
        _, files = queried(name, plain, Path(scratch), None)
        said = reading.spec_of(name, files, "", of=plain)
        whole = {"from": "database", "uri_env": variable, "table": table, **said}
        spec = msgspec.convert(whole, DatabaseTable)
        return _one(name, whole, read(name, spec, files))


def _one(name: str, spec: dict[str, Any], frame: pl.DataFrame, files: tuple[Path, ...] = ()) -> Given:
    return Given(name, spec, frame.drop(ROW), files, reading.notes_of(spec))


def _distinct(tables: list[Given]) -> list[Given]:
    found: dict[str, Given] = {}
    for table in tables:
        name = names.distinct(table.name, found)
        found[name] = replace(table, name=name)
    if len({path.resolve() for table in found.values() for path in table.files}) < sum(len(table.files) for table in found.values()):
        raise ConfigError(
            f"--from names a file twice: {listed(str(path) for table in found.values() for path in table.files)}", "name it once"
        )
    return list(found.values())
