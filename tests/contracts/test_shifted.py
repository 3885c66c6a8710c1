"""Faults of a whole table in the real flights: each is found by the rule that was stated for it, and by no other."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from interlock import params
from interlock.contracts import accepted
from interlock.contracts.reader import read
from interlock.contracts.rules import Contract
from interlock.sources.spec import Keep, Small
from interlock.sources.world import restrict
from interlock.usecase import table_of
from stages.validate import validate

ROOT = Path(__file__).parents[2]
Tables = dict[str, pl.DataFrame]
ROW = pl.col("source_row")
FAULTS: list[tuple[str, Callable[[pl.DataFrame], pl.DataFrame], dict[str, tuple[str, ...]]]] = [
    ("flights", lambda rows: rows, {}),
    ("flights", lambda rows: rows.head(-1), {"fail": ("rows",)}),
    ("flights", lambda rows: rows.with_columns(carrier=pl.when(ROW % 4 == 0).then(pl.lit("ZZ")).otherwise("carrier")), {"fail": ("stable",)}),
    ("flights", lambda rows: rows.with_columns(distance=pl.col("distance") + (ROW % 50 == 0)), {"warn": ("constant",)}),
    ("weather", lambda rows: rows.filter((ROW % 20 != 0) | (ROW > 26_000)), {"warn": ("refers(weather)", "every"), "fail": ("rows",)}),
    ("weather", lambda rows: rows.with_columns(pressure=pl.when(ROW % 3 > 0).then("pressure")), {"fail": ("nulls",)}),
    ("weather", lambda rows: rows.with_columns(visib=pl.col("visib") / 2), {"fail": ("stable",)}),
    ("planes", lambda rows: rows.filter(ROW % 10 > 0), {"warn": ("refers(planes)",), "fail": ("rows",)}),
    ("planes", lambda rows: rows.with_columns(seats=pl.when(ROW % 10 == 0).then(2).otherwise("seats")), {"warn": ("an_airliner",)}),
    ("airports", lambda rows: rows.filter(pl.col("faa") != "LGA"), {"fail": ("refers(airports)",)}),
    ("airports", lambda rows: rows.with_columns(tzone=pl.when(ROW % 9 == 0).then(pl.lit("Mars")).otherwise("tzone")), {"fail": ("outside",)}),
]  # fmt: skip


@pytest.fixture(scope="module")
def small(real: Tables) -> Tables:
    """The tables of the small world."""
    keep = params.load("usecase.small", Small, ROOT / "params.yaml")
    return {name: restrict(name, rows, keep.get(name, Keep())) for name, rows in real.items()}


@pytest.fixture(scope="module")
def contracts(flights_schema: ModuleType) -> dict[str, Contract]:
    return {name: read(table_of(getattr(flights_schema, name.capitalize()))) for name in ("weather", "planes", "airports", "flights")}


@pytest.mark.parametrize(("table", "spoil", "said"), FAULTS)
def test_a_table_that_changed_is_found_by_the_rule_that_was_stated_for_it(
    *,
    table: str,
    spoil: Callable[[pl.DataFrame], pl.DataFrame],
    said: dict[str, tuple[str, ...]],
    small: Tables,
    contracts: dict[str, Contract],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Against the profile that lies in git: untouched there is no finding at all, and each fault has its own and no other."""
    monkeypatch.chdir(ROOT)
    raw = {name: (spoil(rows) if name == table else rows).lazy() for name, rows in small.items()}
    _, told = validate(contracts, raw, accepted.load("flights", "small"), "small", "flights")
    found = {(each["severity"], each["rule"]) for each in told["findings"]}
    assert found == {(severity, rule) for severity, rules in said.items() for rule in rules}
