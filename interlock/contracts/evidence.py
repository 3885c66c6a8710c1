"""The rows behind the validation report: the ledger's entries, and whole rows of data/raw.

The report lies in git; where the ledger or the rows are not here, they are left out.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import polars as pl
from msgspec import UNSET

from interlock import frames
from interlock.contracts import ledger
from interlock.contracts.review import REPORT, Example, Review, Rule, Table
from interlock.errors import ArtifactError, printable, shown
from interlock.frames import ROW
from interlock.terms import Term

Cells: TypeAlias = dict[str, Any]
WIDTH = 80
AGAIN = "run: make, or dvc checkout and git checkout reports to go back to the last commit"


def ledgers(review: Review) -> dict[str, pl.DataFrame] | None:
    """The ledger of each table, None where there is none here; raises ArtifactError where they are not those of the report."""
    if not ledger.QUARANTINE.is_dir():
        return None
    found = {name: frames.read(ledger.QUARANTINE / f"{name}.parquet") for name in review.tables}
    for name, table in review.tables.items():
        _agree(name, table, found[name])
    return found


def examples(table: str, rule: Rule, entries: pl.DataFrame | None, most: int) -> list[Example]:
    """At most so many rows that a rule saw: as the ledger has them where it set them aside, else those of the report, as they are in data/raw."""
    if entries is not None and rule.severity == "quarantine":
        told = entries.filter(rule=rule.rule, column=rule.column).head(most)
        return [Example(row, value) for row, value in told.select(ROW, "value").rows()]
    first = rule.examples[:most]
    rows = _rows(table, [each.row for each in first if each.row is not None])
    columns = None if rows is None else _columns(rule, rows.columns)
    if rows is None or not columns:
        return first
    values = dict(ledger.entries(rows, Term(name=rule.rule, columns=tuple(columns))).select(ROW, "value").iter_rows())
    return [Example(each.row, values.get(each.row)) for each in first]


def cells(table: str, numbers: Iterable[int]) -> dict[int, Cells]:
    """The whole rows of data/raw with these source row numbers, read lazily; none where the table is not here."""
    rows = _rows(table, numbers)
    return {} if rows is None else {row.pop(ROW): row for row in rows.iter_rows(named=True)}


def _rows(table: str, numbers: Iterable[int]) -> pl.DataFrame | None:
    asked = sorted(set(numbers))
    if not asked or not (ledger.RAW / f"{table}.parquet").is_file():
        return None
    between = pl.col(ROW).is_between(asked[0], asked[-1])  # lets Polars leave out row groups
    return ledger.raw(table).filter(between & pl.col(ROW).is_in(asked)).collect(engine="streaming")


def ordered(rule: Rule, names: Sequence[str]) -> list[str]:
    """The columns of a table, those of the rule first."""
    mine = _columns(rule, names)
    return [*mine, *(name for name in names if name not in mine)]


def _columns(rule: Rule, names: Sequence[str]) -> list[str]:
    return [rule.column] if rule.column in names else [name for name in rule.column.split(", ") if name in names]


def text(value: Any, width: int = WIDTH) -> str:
    """A value from the data in one line, empty where it is not here: what a terminal would obey, or nobody would see, is escaped, and what is long is cut."""
    if value is None or value is UNSET:
        return "null" if value is None else ""
    if isinstance(value, str):
        plain = value == value.strip() and value not in {"", "null"} and value[: width + 1].isprintable()
        said = value if plain else shown(value)
    else:
        said = printable(str(value)).replace("\n", r"\n").replace("+00:00", "Z")
    return said if len(said) <= width else f"{said[: width - 1]}…"


def _agree(name: str, table: Table, entries: pl.DataFrame) -> None:
    """Raise ArtifactError where a ledger, or the rows that it belongs to, are not of the run that wrote the report."""
    if entries.schema != ledger.LEDGER.schema:
        raise ArtifactError(f"{ledger.QUARANTINE / name}.parquet is not a ledger: it has {', '.join(entries.columns)}", AGAIN)
    _same(name, "rows set aside", entries[ROW].n_unique(), table.quarantined)
    _same(name, "entries in the ledger", entries.height, table.entries)
    for rule in (each for each in table.rules if each.severity == "quarantine"):
        mine = entries.filter(rule=rule.rule, column=rule.column)
        _same(name, f"rows that break {rule.rule} on {rule.column}", mine.height, rule.rows)
        if mine.head(len(rule.examples))[ROW].to_list() != [each.row for each in rule.examples]:
            raise ArtifactError(f"{REPORT} is not of these data: other rows of {name} break {rule.rule} on {rule.column}", AGAIN)
    if (path := ledger.RAW / f"{name}.parquet").is_file():
        _same(name, "rows in data/raw", int(frames.scan(path).select(pl.len()).collect().item()), table.rows)


def _same(name: str, what: str, found: int, told: int) -> None:
    if found != told:
        raise ArtifactError(f"{REPORT} is not of these data: {name} has {found:,} {what}, the report says {told:,}", AGAIN)
