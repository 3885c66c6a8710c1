"""Tables held to their contracts: what one lacks as a whole, the ledger of the rows set aside, and what each rule saw.

Each table comes after those that it refers to. In this order its rows leave: those that break a rule by themselves; those
that refer to a row that is not there, or left; those with another value than the rest of their group; and copies, each of a
row that stays. So what is left breaks no rule that sets rows aside, and no row is lost for one that is not used either.
The rules that keep their rows are asked of what is left.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import polars as pl

from interlock.contracts.groups import broken, copies
from interlock.contracts.ledger import LEDGER, entries, less
from interlock.contracts.rules import Contract, Group, Rule, verdict
from interlock.errors import ArtifactError, DeclarationError
from interlock.frames import ROW
from interlock.terms import Constant, Refers, Term, Unique

EXAMPLES = 5
Kind = TypeVar("Kind", Unique, Constant, Refers)


@dataclass(frozen=True)
class Seen:
    """What a rule saw: how many rows break it, and the first of them.

    `share` is None where it could not be told; `asked` is False where nothing was accepted that it compares with.
    """

    rule: Term
    rows: int
    share: float | None
    first: tuple[tuple[int | None, str | None], ...] = ()
    words: str = ""
    asked: bool = True

    @property
    def verdict(self) -> str:
        """Pass, warn or fail: what cannot be told does not pass, what was not asked does."""
        return verdict(self.rule, self.share) if self.asked else "pass"


@dataclass(frozen=True)
class Checked:
    """What a check found: what each rule over rows saw (in the contract's order), and the ledger of the rows set aside."""

    rows: int
    seen: tuple[Seen, ...]
    ledger: pl.DataFrame

    @property
    def quarantined(self) -> int:
        """The number of rows set aside, each counted once."""
        return self.ledger[ROW].n_unique()


@dataclass
class _Table:
    """A table while rows leave it; `counts` are the rows that each rule set aside, by rule and column."""

    name: str
    raw: pl.LazyFrame
    rules: list[Rule]
    groups: list[Group]
    ledger: pl.DataFrame
    counts: dict[tuple[str, str], int]

    @property
    def left(self) -> pl.LazyFrame:
        return less(self.raw, self.ledger)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The groups of a kind that set their rows aside."""
        return [group for group in self.groups if isinstance(group, kind) and group.severity == "quarantine"]


def check(contract: Contract, raw: pl.LazyFrame) -> Checked:
    """The rules of `contract` over one table by itself, whose columns and types fit it (see `fit`)."""
    return check_all({contract.table: contract}, {contract.table: raw})[contract.table]


def check_all(contracts: Mapping[str, Contract], raw: Mapping[str, pl.LazyFrame]) -> dict[str, Checked]:
    """Every rule over the rows of every table, whose columns and types fit its contract.

    A reference to a table that is not among them is not asked. Raises ArtifactError where rows cannot be read.
    """
    tables = {name: _table(contract, raw[name], set(contracts)) for name, contract in contracts.items()}
    for table in _ordered(tables):
        with _reading(table):
            _by_themselves(table)
            groups: list[Group] = [*table.of(Refers), *table.of(Constant)]
            for group in groups:
                _leave(table, group, broken(group, table.left, _valid(tables)).collect())
            for rule, rows in copies(table.of(Unique), table.left):
                _leave(table, rule, rows)
    return {name: _checked(table, tables) for name, table in tables.items()}


def _ordered(tables: Mapping[str, _Table]) -> list[_Table]:
    """Each table after those that it refers to: a reference can only be to a table that was declared before."""
    found: dict[str, _Table] = {}

    def visit(table: _Table) -> None:
        for group in table.groups:
            if isinstance(group, Refers):
                visit(tables[group.to])
        found[table.name] = table

    for table in tables.values():
        visit(table)
    return list(found.values())


def _table(contract: Contract, raw: pl.LazyFrame, known: set[str]) -> _Table:
    there = set(raw.collect_schema())
    rules = [rule for rule in contract.rules if there.issuperset(rule.columns)]
    groups = [group for group in contract.groups if there.issuperset(group.columns)]
    groups = [group for group in groups if not isinstance(group, Refers) or group.to in known]
    return _Table(contract.table, raw, rules, groups, LEDGER, {})


def _by_themselves(table: _Table) -> None:
    """Set aside the rows that break a rule over one row: rows are read once, and only those that break any looked at rule by rule."""
    rules = [rule for rule in table.rules if rule.severity == "quarantine"]
    columns = list(dict.fromkeys([ROW, *(name for rule in rules for name in rule.columns)]))
    any_of = pl.any_horizontal(pl.lit(False), *(rule.breaks for rule in rules))
    suspects = table.raw.select(columns).filter(any_of).collect(engine="streaming")
    counts = _counts(rules, suspects.lazy())
    table.counts |= {_id(rule): count for rule, count in zip(rules, counts, strict=True)}
    broken_by = [entries(suspects.filter(rule.breaks), rule) for rule, count in zip(rules, counts, strict=True) if count]
    table.ledger = pl.concat([LEDGER, *broken_by])


def _leave(table: _Table, group: Group, rows: pl.DataFrame) -> None:
    table.counts[_id(group)] = rows.height
    table.ledger = pl.concat([table.ledger, entries(rows, group)])


def _checked(table: _Table, tables: Mapping[str, _Table]) -> Checked:
    with _reading(table):
        rows = int(table.raw.select(pl.len()).collect().item())
        ledger = table.ledger.sort(ROW, "column", "rule")
        seen = {_id(each.rule): each for each in _kept(table, tables, rows - ledger[ROW].n_unique())}
    for rule in [*table.rules, *table.groups]:
        if rule.severity == "quarantine":
            mine = ledger.filter(rule=rule.name, column=rule.column).head(EXAMPLES)
            count = table.counts[_id(rule)]
            seen[_id(rule)] = Seen(rule, count, count / max(rows, 1), tuple(mine.select(ROW, "value").rows()))
    return Checked(rows, tuple(seen[_id(rule)] for rule in [*table.rules, *table.groups]), ledger)


def _kept(table: _Table, tables: Mapping[str, _Table], used: int) -> Iterator[Seen]:
    """What the rules saw that keep their rows."""
    rules = [rule for rule in table.rules if rule.severity != "quarantine"]
    found: list[tuple[Term, int, pl.LazyFrame]] = []
    for rule, count in zip(rules, _counts(rules, table.left), strict=True):
        found.append((rule, count, table.left.filter(rule.breaks)))
    for group in table.groups:
        if group.severity != "quarantine":
            rows = broken(group, table.left, _valid(tables)).collect()
            found.append((group, rows.height, rows.lazy()))
    for term, count, breaking in found:
        first = breaking.select(ROW, *term.columns).bottom_k(EXAMPLES, by=ROW).sort(ROW).collect() if count else pl.DataFrame()
        told = entries(first, term).select(ROW, "value").rows() if count else []
        yield Seen(term, count, count / max(used, 1), tuple(told))


def _counts(rules: list[Rule], rows: pl.LazyFrame) -> list[int]:
    if not rules:
        return []
    sums = (rule.breaks.sum().alias(str(number)) for number, rule in enumerate(rules))
    return [int(count or 0) for count in rows.select(sums).collect(engine="streaming").row(0)]


def _valid(tables: Mapping[str, _Table]) -> dict[str, pl.LazyFrame]:
    return {name: table.left for name, table in tables.items()}


def _id(rule: Any) -> tuple[str, str]:
    return rule.name, rule.column


@contextmanager
def _reading(table: _Table) -> Iterator[None]:
    try:
        yield
    except pl.exceptions.PolarsError as error:
        for rule in table.rules:
            if found := _refused(rule, table.raw):
                at = f"{rule.place}: " if rule.place else ""
                what = f"{at}{table.name}: {rule.name} on {rule.column} cannot be asked of every row: {found}"
                raise DeclarationError(
                    what, "mend the rule so that it is null where there is no answer, such as with strict=False"
                ) from error
        raise ArtifactError(f"the rows of {table.name} cannot be read: {error}", "run: dvc repro --force ingest") from error


def _refused(rule: Rule, raw: pl.LazyFrame) -> str:
    """Why a rule cannot be asked of rows that can be read; empty where it can, or where they cannot."""
    try:
        rows = raw.select(rule.columns).collect()
    except pl.exceptions.PolarsError:
        return ""
    try:
        rows.select(rule.breaks)
    except pl.exceptions.PolarsError as error:
        return " ".join(str(error).split())
    return ""
