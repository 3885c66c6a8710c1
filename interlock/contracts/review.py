"""The validation report read back: what the last run found, one table or one rule of it, and what is worst."""

import json
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from interlock.errors import ArtifactError, DeclarationError, listed, shown
from interlock.files import read_json

REPORT = Path("reports/validation.json")
WORST = {"fail": 0, "warn": 1, "pass": 2}
Verdict: TypeAlias = Literal["pass", "warn", "fail"]


class Example(msgspec.Struct, frozen=True):
    """A row that breaks a rule, and the values of the rule's columns as one text, where the data are here."""

    row: int | None
    value: str | msgspec.UnsetType | None = msgspec.UNSET


class Rule(msgspec.Struct, frozen=True):
    """A rule and what it saw: of `stable` the share is a distance, of the others a share of rows; None where it could not be told."""

    rule: str
    column: str
    severity: Literal["fail", "quarantine", "warn"]
    tolerated: float
    rows: int
    share: float | None
    verdict: Verdict
    examples: list[Example]

    @property
    def saw(self) -> bool:
        """Whether there is anything to show."""
        return self.verdict != "pass" or bool(self.share)

    @property
    def kind(self) -> str:
        """Its name without the bracket."""
        return self.rule.partition("(")[0]


class Bin(msgspec.Struct, frozen=True):
    """A part of a distribution: a label, or a range that has no end where that is None."""

    share: float
    label: str | None = None
    low: float | None = msgspec.field(default=None, name="from")
    high: float | None = msgspec.field(default=None, name="to")


class Column(msgspec.Struct, frozen=True):
    """A column's distribution, beside the `accepted` shares of the same bins; `effect` is their total variation distance."""

    column: str
    dtype: str
    nulls: float
    bins: list[Bin]
    accepted: list[float] | None = None
    effect: float | None = None


class Table(msgspec.Struct, frozen=True):
    """A table: its rows are those used and those set aside."""

    rows: int
    used: int
    quarantined: int
    unexpected: list[str]
    rules: list[Rule]
    columns: list[Column]

    @property
    def entries(self) -> int:
        """How often a rule set a row aside: a row may break several."""
        return sum(rule.rows for rule in self.rules if rule.severity == "quarantine")


class Finding(msgspec.Struct, frozen=True):
    """What is wrong, in words, and what to do."""

    severity: Verdict
    table: str
    rule: str
    column: str
    rows: int
    found: str
    todo: str


class Review(msgspec.Struct, frozen=True):
    """The report on a world: findings with the worst first."""

    verdict: Verdict
    findings: list[Finding]
    tables: dict[str, Table]
    world: str = ""


def read(path: Path = REPORT) -> Review:
    """The report of the last run of `validate`, also of one that failed; raises ArtifactError where there is none or it is damaged."""
    if not path.is_file():
        raise ArtifactError(f"{path} does not exist: the data were not validated yet", "run: make")
    try:
        return msgspec.convert(read_json(path), Review)
    except (msgspec.ValidationError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArtifactError(f"{path} is not a validation report: {error}", f"run: make, or git checkout {path}") from error


def selected(review: Review, table: str | None, rule: str | None) -> Review:
    """What the report says of one table, one rule (by its name, with or without the bracket), or both.

    Raises DeclarationError, with the nearest name, where there is no such table or rule.
    """
    tables = {table: review.tables[_known(table, review.tables, "table")]} if table is not None else review.tables
    if rule is not None:
        names = dict.fromkeys(name for each in tables.values() for found in each.rules for name in (found.rule, found.kind))
        _known(rule, names, "rule")
        tables = {name: _only(each, rule) for name, each in tables.items() if any(map(_named(rule), each.rules))}
    findings = [each for each in review.findings if each.table in tables and (rule is None or _named(rule)(each))]
    return review if table is rule is None else Review(review.verdict, findings, dict(tables), review.world)


def worst(rules: Iterable[tuple[str, Rule]]) -> list[tuple[str, Rule]]:
    """Rules with their tables: what fails first, then what warns, what sets rows aside, and what is nearest to its bound."""

    def badness(named: tuple[str, Rule]) -> tuple[int, bool, float]:
        rule = named[1]
        near = (rule.share or 0.0) / rule.tolerated if rule.tolerated else float(rule.rows)
        return WORST[rule.verdict], rule.severity != "quarantine" or not rule.rows, -near

    return sorted(rules, key=badness)


def _known(name: str, names: Mapping[str, Any], what: str) -> str:
    if name in names:
        return name
    close = get_close_matches(name, names, n=1, cutoff=0.4)
    meant = f"did you mean {close[0]}? " if close else ""
    raise DeclarationError(f"the report knows no {what} {shown(name)}", f"{meant}there are: {listed(sorted(names))}")


def _only(table: Table, rule: str) -> Table:
    return msgspec.structs.replace(table, rules=[each for each in table.rules if _named(rule)(each)])


def _named(name: str) -> Callable[[Rule | Finding], bool]:
    """Whether a rule, or a finding about one, has this name."""
    return lambda found: name in {found.rule, found.rule.partition("(")[0]}
