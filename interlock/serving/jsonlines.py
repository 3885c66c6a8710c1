"""Requests as lines of JSON: each has the number of its line, and one that has a name twice is none."""

import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec
import polars as pl

from interlock.contracts.answers import Checked, Error
from interlock.contracts.microbatch import Checker
from interlock.contracts.parsing import named
from interlock.features import incoming

NAME = re.compile(rb'"\s*:')


def parts(path: Path, checker: Checker, most: int) -> Iterator[tuple[Checked, int, float]]:
    """What each `most` lines of a file hold, how many lines these are, and the share of the file that was read."""
    with path.open("rb") as opened:
        while lines := list(islice(opened, most)):
            there = {row: line.rstrip(b"\n") for row, line in enumerate(lines) if line.strip()}
            twice = [Error(row, name, "unique", "there twice", "one value") for row, line in there.items() for name in _twice(line)]
            bad = {error.row for error in twice}
            kept = {row: line for row, line in there.items() if row not in bad}
            came = incoming.read(io.BytesIO(b"\n".join(kept.values())), ".ndjson", checker)
            yield _numbered(came, list(kept), twice), len(lines), opened.tell() / path.stat().st_size


def _numbered(came: Checked, rows: list[int], more: list[Error]) -> Checked:
    """Rows and errors by their lines, which are counted whether anything is in them or not."""
    errors = sorted([*more, *(error._replace(row=rows[error.row]) for error in came.errors)])
    return Checked(came.rows, pl.Series(rows, dtype=pl.Int64).gather(came.numbers), errors, came.unknown)


def _twice(line: bytes) -> list[str]:
    """The names that a JSON object has more than once; of these a parser would take the last, and say nothing."""
    with suppress(msgspec.MsgspecError, RecursionError):
        # NOTE: a line cannot have more names than places that look like the end of one
        if len(NAME.findall(line)) <= len(msgspec.json.decode(line, type=dict[str, msgspec.Raw])):
            return []
    found: list[str] = []
    with suppress(ValueError, RecursionError):
        json.loads(line, object_pairs_hook=lambda pairs: found.extend(_again(name for name, _ in pairs)), parse_int=str)
    return found


def _again(names: Iterable[str]) -> list[str]:
    return [named(name) for name, count in Counter(names).items() if count > 1]
