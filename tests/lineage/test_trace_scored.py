"""Predictions that the project's own command made, of two releases and after events that none of them had seen, traced back."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from interlock import git
from interlock.features.eventlog import EventLog
from interlock.frames import ROW
from interlock.lineage.forwards import forwards
from interlock.lineage.trace import trace
from interlock.lineage.tree import Feature, Trace
from interlock.serving import predictions
from tests.serving.released import add, came, deployed, interlock, requests

__all__ = ["deployed"]
LOG, EVENTS = Path("online/predictions"), Path("online/log")
FEBRUARY = datetime(2025, 2, 1, tzinfo=UTC)
Row = dict[str, Any]
WINDOWS: dict[str, tuple[int, Callable[[Row], bool], bool]] = {
    "logins_7d": (7, lambda row: row["kind"] == "login", True),
    "logins_90d": (90, lambda row: row["kind"] == "login", True),
    "spent_90d": (90, lambda row: row["kind"] == "payment" and row["amount"] is not None, True),
    "largest": (90, lambda row: row["kind"] == "payment" and row["amount"] is not None, True),
    "tickets_7d": (7, lambda row: row["kind"] == "ticket", True),
    "everybody_90d": (90, lambda row: row["amount"] is not None, False),
}


def score(rows: pl.DataFrame, *words: str) -> list[str]:
    rows.write_parquet("asked.parquet")
    done = interlock("score", "asked.parquet", "scores.parquet", *words)
    assert done.code == 0, done
    return list(pl.read_parquet("scores.parquet")["prediction"])


@pytest.fixture
def made(deployed: Path) -> list[str]:
    """Requests of the training data by the version in prod, and, after events came in, new ones by the other version."""
    assert deployed
    ids = score(requests(6))
    add(came(400, FEBRUARY), "available")
    day = pl.datetime(2025, 2, 12, time_unit="us", time_zone="UTC")
    new = pl.DataFrame({"customer_id": [f"c{number}" for number in (1, 2, 3, 9)]}).select("customer_id", day.alias("as_of"))
    return ids + score(new, "--version", "v1.1.0")


def counted(found: Trace, rows: list[Row], name: str) -> list[str]:
    """The ids of the rows that a window holds, by looking at each."""
    days, passes, own = WINDOWS[name]
    at = found.request["as_of"]
    return sorted(
        row["event_id"]
        for row in rows
        if at - timedelta(days=days) <= row["ts"] < at
        and max(row["ts"], row["loaded_at"]) < at
        and passes(row)
        and (not own or row["customer_id"] == found.request["customer_id"])
    )


def told(found: Trace) -> dict[str, Feature]:
    return {feature.name: feature for feature in found.features}


def test_windows_counted_the_rows_that_were_known(made: list[str]) -> None:
    """By a loop over the raw rows and, for those that were made after events, over these too: each by its id, from the table or the log."""
    raw = pl.read_parquet("data/raw/events.parquet").to_dicts()
    later = came(400, FEBRUARY).to_dicts()
    positions = 0
    for one in made:
        found = trace(predictions.one(one), None)
        assert (found.unreached, found.differ) == ((), ()), one
        rows = raw + (later if found.snapshot["position"] else [])
        for name in WINDOWS:
            shown = told(found)[name].rows
            assert shown is not None
            assert sorted(row.id for row in shown.shown) == counted(found, rows, name), (one, name)
            assert all((row.row is None) == row.id.startswith("new-") for row in shown.shown)
            positions += sum(row.position is not None for row in shown.shown)
    assert positions > 100


def test_a_trace_is_of_the_version_that_made_it(made: list[str]) -> None:
    """The declarations, lines, metrics and verdict are those of its release, whatever is checked out."""
    first, last = trace(predictions.one(made[0])), trace(predictions.one(made[-1]))
    assert first.model is not None
    assert last.model is not None
    assert (first.model.tag, last.model.tag) == ("churn@v1.0.0", "churn@v1.1.0")
    assert "logins_7d_before" in told(first)
    assert {"logins_week_before", "hour"} <= told(last).keys()
    for found in (first, last):
        for feature in found.features:
            assert feature.code is not None, feature.name
        family = told(found)["tickets_7d"].code
        assert family is not None
        assert family.text.startswith('tickets = {f"tickets_{w}"')
        assert found.data["raw"].keys() == {"customers.parquet", "events.parquet"}
        assert {table.licence for table in found.tables} == {"internal"}


def test_the_customer_of_a_training_request_is_named(made: list[str]) -> None:
    """events.py selects, explodes and filters; the number of the customer's row came through. A new request is its own origin."""
    customers = {row[ROW]: row for row in pl.read_parquet("data/raw/customers.parquet").to_dicts()}
    found = trace(predictions.one(made[0]))
    assert [(origin.table, customers[origin.row]["customer_id"]) for origin in found.origins] == [
        ("customers", found.request["customer_id"])
    ]
    new = trace(predictions.one(made[-1]))
    assert (new.origins, new.origin) == ((), "the request itself, as the caller sent it")


def test_forwards_and_backwards_agree(made: list[str]) -> None:
    """A payment and a customer, each as often as traces name them; what events may have replaced is said."""
    pairs: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for one in made:
        found = trace(predictions.one(one), None)
        for origin in found.origins:
            pairs.setdefault((origin.table, origin.row), set()).add(("", one))
        for feature in found.features:
            for row in feature.rows.shown if feature.rows else ():
                if feature.rows and row.row is not None:
                    pairs.setdefault((feature.rows.table, row.row), set()).add((feature.name, one))
    for table in ("events", "customers"):
        place = max((each for each in pairs if each[0] == table), key=lambda each: len(pairs[each]))
        reached = forwards(*place, None, LOG, None)
        assert {(use.feature, one) for use in reached.uses for one in use.first} == pairs[place]
        assert [release.held for release in reached.releases] == [True, True]
        assert (table == "events") == any("events of the log" in note for note in reached.notes)


def test_erased_events_are_said(made: list[str]) -> None:
    """Payloads that were taken out of the event log: the features that counted them give another value, and the trace says why."""
    log = EventLog(EVENTS)
    log.erase(range(1, 401))
    log.close()
    found = trace(predictions.one(made[-1]))
    assert "events" in {missing.what for missing in found.unreached}
    assert found.differ


def test_the_command_says_it_all(made: list[str]) -> None:
    """As a tree and as JSON, for the last prediction."""
    done = interlock("trace", made[-1])
    assert done.code == 0, done
    assert all(part in done.out for part in ("churn@v1.1.0", "internal", "event 1", "they alone give this value ✓"))
    found = json.loads(interlock("trace", made[-1], "--json").out)
    assert found["unreached"] == []
    assert found["watermarks"].keys() == {"Events"}
    assert interlock("trace", "1-000000000000").code == 6
    assert interlock("trace", "hello").code == 2


def test_a_bad_tag_stops_neither_catalog_nor_erase_nor_the_way_forwards(made: list[str]) -> None:
    """A lightweight tag under the name of a version: all three name it and go on with the releases that are sound."""
    assert made
    git.git("tag", "churn@v7.0.0")
    for words in (["catalog"], ["erase", "customer_id=c3"], ["trace", "--row", "customers:0"]):
        done = interlock(*words)
        assert done.code == 0, done
        assert all(version in done.out for version in ("churn@v7.0.0", "churn@v1.0.0", "churn@v1.1.0"))
    found = json.loads(interlock("erase", "customer_id=c3", "--json").out)
    assert [each["version"] for each in found["releases"]] == ["churn@v1.0.0", "churn@v1.1.0"]
    assert "churn@v7.0.0" in found["bad"][0]
