"""Faults of every kind in the real flights: each caught by its rule, nothing else touched, and features that know nothing of them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from interlock import frames
from interlock.contracts import report
from interlock.contracts.check import Checked, check_all
from interlock.contracts.ledger import less
from interlock.contracts.reader import read
from interlock.contracts.rules import Contract
from interlock.features import collect, offline, requests
from interlock.files import read_json, write_json
from interlock.loading import load
from interlock.usecase import load_schema, table_of
from tests.contracts.planted import FAULTS, NEW, planted

ROOT = Path(__file__).parents[2]
Tables = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def contracts(flights_schema: ModuleType) -> dict[str, Contract]:
    return {name: read(table_of(getattr(flights_schema, name.capitalize()))) for name in ("flights", "weather", "planes", "airports")}


def _checked(contracts: Mapping[str, Contract], tables: Tables) -> dict[str, Checked]:
    return check_all(contracts, {name: rows.lazy() for name, rows in tables.items()})


def test_each_fault_is_caught_by_its_rule_and_nothing_else_is(contracts: Mapping[str, Contract], real: Tables) -> None:
    """After every row of the real tables: exactly the planted rows join the ledger, under the named rules, and counts add up."""
    faulty, expected = planted(real)
    before, after = _checked(contracts, real), _checked(contracts, faulty)
    for name, found in after.items():
        old = before[name].ledger
        assert found.ledger.filter(pl.col("source_row") < real[name].height).equals(old)
        new = found.ledger.filter(pl.col("source_row") >= real[name].height)
        mine = expected.filter(table=name)
        assert sorted(new.select("source_row", "column", "rule").rows()) == sorted(mine.drop("table").rows())
        told = report.summary(name, faulty[name].lazy(), found, [], [])
        assert told["used"] == real[name].height - before[name].quarantined
        assert told["quarantined"] == before[name].quarantined + sum(table == name for table, _, _ in FAULTS)


TIGHTER: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"dest": "ZZZ"}, ("refers(airports)", "dest")),
    ({"distance": 1401}, ("constant", "origin, dest, distance")),
    ({}, ("unique", "tailnum, time_hour, minute")),
]


@pytest.mark.parametrize(("cells", "entry"), TIGHTER)
def test_a_rule_about_rows_in_common_sets_aside_the_planted_row_alone(
    *, cells: dict[str, Any], entry: tuple[str, str], contracts: Mapping[str, Contract], real: Tables
) -> None:
    """With the severity of one rule tightened: after what it finds in the real flights, a planted row is found by it and no other row is."""
    flights = contracts["flights"]
    groups = tuple(
        replace(group, severity="quarantine", tolerate=1.0) if (group.name, group.column) == entry else group for group in flights.groups
    )
    tight = {**contracts, "flights": replace(flights, groups=groups)}
    rows = real["flights"]
    bad = rows.head(1).with_columns(
        pl.lit(value, rows.schema[name]).alias(name) for name, value in {**NEW["flights"], **cells, "source_row": rows.height}.items()
    )
    faulty = {**real, "flights": pl.concat([rows, bad])}
    before, after = _checked(tight, real), _checked(tight, faulty)
    new = after["flights"].ledger.filter(pl.col("source_row") == rows.height)
    assert new.select("rule", "column").rows() == [entry]
    assert after["flights"].ledger.filter(pl.col("source_row") < rows.height).equals(before["flights"].ledger)
    assert all(after[name].ledger.equals(before[name].ledger) for name in real if name != "flights")
    told = report.summary("flights", faulty["flights"].lazy(), after["flights"], [], [])
    assert (told["used"], told["quarantined"]) == (rows.height - before["flights"].quarantined, before["flights"].quarantined + 1)


def test_rules_that_keep_their_rows_see_what_they_saw(contracts: Mapping[str, Contract], real: Tables) -> None:
    """Rows that were set aside answer to no rule that warns or fails: what these saw is what they saw without."""
    faulty, _ = planted(real)
    before, after = _checked(contracts, real), _checked(contracts, faulty)
    for name in real:
        kept = [[seen for seen in each[name].seen if seen.rule.severity != "quarantine"] for each in (before, after)]
        assert [(seen.rows, seen.first) for seen in kept[0]] == [(seen.rows, seen.first) for seen in kept[1]]


def test_features_know_nothing_of_the_faults(
    contracts: Mapping[str, Contract], real: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests, outcomes and features of the first two weeks of flights are the same bytes, with the faults and without."""
    monkeypatch.chdir(ROOT)
    few = {name: rows.head(12_000) for name, rows in real.items()}
    faulty, expected = planted(few)
    assert {*expected["table"]} == set(few)
    written = []
    for tables in (few, faulty):
        found = _checked(contracts, tables)
        made = _made({name: less(rows.lazy(), found[name].ledger) for name, rows in tables.items()})
        for name, frame in made.items():
            frames.write(frame, tmp_path / f"{name}.parquet")
        written.append({name: (tmp_path / f"{name}.parquet").read_bytes() for name in made})
        assert made["features"].height > 10_000
    assert written[0] == written[1]


def test_the_stage_writes_the_same_bytes_on_one_thread_and_on_two(real: Tables, tmp_path: Path) -> None:
    """Run as DVC runs it, on tables with the faults: ledgers and report are the same files, and the faults are in them."""
    faulty, expected = planted({name: rows.head(40_000) for name, rows in real.items()})
    for name, rows in faulty.items():
        frames.write(rows, tmp_path / f"data/raw/{name}.parquet")
    (tmp_path / "usecases").symlink_to(ROOT / "usecases")
    write_json(tmp_path / "params.yaml", {"usecase": {"name": "flights", "world": {"name": "full"}}})
    written = []
    for threads in ("1", "2"):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": threads}
        subprocess.run([sys.executable, "-m", "stages.validate"], cwd=tmp_path, env=environment, capture_output=True, check=True)
        files = [*(tmp_path / "data/quarantine").iterdir(), tmp_path / "reports/validation.json"]
        written.append({file.name: file.read_bytes() for file in files})
    assert written[0] == written[1]
    told = read_json(tmp_path / "reports/validation.json")["tables"]
    for name, column, rule in expected.select("table", "column", "rule").unique().rows():
        assert next(each for each in told[name]["rules"] if (each["rule"], each["column"]) == (rule, column))["rows"]


def _made(valid: Mapping[str, pl.LazyFrame]) -> Tables:
    schema, events, declared = load_schema("flights"), load("flights", "events"), collect.load("flights")
    asked = requests.requests(events, schema, valid)
    answered = requests.outcomes(events, schema, valid, asked)
    return {"requests": asked, "outcomes": answered, "features": offline.compute(declared, asked, valid)}
