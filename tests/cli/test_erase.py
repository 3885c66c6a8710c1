"""`interlock erase`: what goes, what is only told without --yes, and what trace and replay of the others say afterwards."""

import json
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from interlock.errors import ArtifactError
from interlock.features import eventlog
from interlock.features.eventlog import EventLog
from interlock.serving import erasing, predictions
from tests.serving.released import add, came, deployed, interlock, requests

__all__ = ["deployed"]
LOG, EVENTS, OUT = Path("online/predictions"), Path("online/log"), Path("scores.parquet")
FEBRUARY = datetime(2025, 2, 1, tzinfo=UTC)


@pytest.fixture
def asked(deployed: Path) -> pl.DataFrame:
    """Scores of requests of the snapshot, then of February, after events came in."""
    requests(200).write_parquet(deployed / "a.parquet")
    add(came(165, FEBRUARY), "available")
    utc = pl.Datetime("us", "UTC")
    later = pl.DataFrame({"customer_id": [f"c{n}" for n in range(8)], "as_of": [FEBRUARY.replace(day=9)] * 8}).cast({"as_of": utc})
    later.write_parquet("b.parquet")
    done = interlock("score", "a.parquet", "b.parquet", str(OUT))
    assert done.code == 0, done
    return pl.read_parquet(OUT)


def told(*words: str) -> dict[str, Any]:
    done = interlock("erase", *words, "--json")
    assert done.code == 0, done
    found: dict[str, Any] = json.loads(done.out)
    return found


def holding(text: str) -> int:
    """How many files of the logs hold a text."""
    return sum(text.encode() in path.read_bytes() for folder in (LOG, EVENTS) for path in folder.glob("*.jsonl"))


def test_what_would_go_is_told_and_nothing_goes_without_yes(asked: pl.DataFrame) -> None:
    """Counts by hand: predictions and events of the customer, rows of each release's data, and the features that these feed."""
    before = [path.read_bytes() for folder in (LOG, EVENTS) for path in sorted(folder.glob("*.jsonl"))]
    found = told("customer_id=c3")
    assert (found["erased"], found["predictions"], found["events"]) == (False, asked.filter(customer_id="c3").height, 2)
    assert found["predictions"] > 1
    assert found["tables"] == ["customers", "events"]
    assert {"country", "plan", "login_trend", "tenure", "everybody_90d"} <= set(found["features"])
    raw = pl.read_parquet("data/raw/events.parquet").filter(customer_id="c3").height
    features = pl.read_parquet("data/features/requests.parquet").filter(customer_id="c3").height
    assert [each["version"] for each in found["releases"]] == ["churn@v1.0.0", "churn@v1.1.0"]
    for each in found["releases"]:
        assert each["rows"]["data/raw"] == {"customers": 1, "events": raw}
        assert each["rows"]["data/features"]["requests"] == features
        assert each["learned"]
        assert each["unseen"] == {}
    assert [path.read_bytes() for folder in (LOG, EVENTS) for path in sorted(folder.glob("*.jsonl"))] == before
    said = interlock("erase", "customer_id=c3").out
    assert "nothing is, without --yes" in said
    assert "dvc gc" in said


def test_payloads_go_and_the_chains_stay(asked: pl.DataFrame) -> None:
    """No file of the logs holds the customer any more; both logs verify, record by record; the next prediction follows on; what was
    erased says so, and what was not is made again to the last bit where it counted none of it."""
    mine, others = (asked.filter((pl.col("customer_id") == "c3") == own)["prediction"].to_list() for own in (True, False))
    found = told("customer_id=c3", "--yes")
    assert (found["erased"], found["whole"]) == (True, {"predictions": True, "events": True})
    assert holding('"customer_id":"c3"') == 0
    assert [verdict.broken for verdict in map(eventlog.verify, (LOG, EVENTS))] == [None, None]
    assert eventlog.verify(LOG).erased == len(mine)
    assert told("customer_id=c3")["predictions"] == 0
    done = interlock("replay", mine[0])
    assert done.code == 6
    assert "its payload was erased" in done.err
    assert interlock("replay", others[0]).code == 0
    requests(3).write_parquet("c.parquet")
    assert interlock("score", "c.parquet", str(OUT)).code == 0
    assert eventlog.verify(LOG).broken is None


def test_a_prediction_that_counted_an_erased_event_says_why_it_differs(asked: pl.DataFrame) -> None:
    """A mean over everybody counted the customer's payments: it differs now, and the erased records are named as the likely cause."""
    told("customer_id=c4", "--yes")
    other = asked.filter(pl.col("as_of") == FEBRUARY.replace(day=9), customer_id="c5")["prediction"][0]
    done = interlock("replay", other)
    assert done.code == 1, done
    assert "feature everybody_90d was" in done.out
    assert "records of the event log that it may have counted were erased since" in done.out


def test_several_values_are_any_and_several_columns_all(asked: pl.DataFrame) -> None:
    """One column twice is either of the values; another beside it narrows."""
    both = told("customer_id=c3", "customer_id=c5")["predictions"]
    assert both == sum(told(f"customer_id={name}")["predictions"] for name in ("c3", "c5"))
    assert both == asked.filter(pl.col("customer_id").is_in(["c3", "c5"])).height
    assert told("customer_id=c3", "country=XX")["predictions"] == 0


def test_nothing_goes_while_another_writes_either_log(asked: pl.DataFrame) -> None:
    """Whoever holds a lock is named, before anything is looked for or erased in the other log; to look alone needs no lock."""
    for folder in (LOG, EVENTS):
        before = {path: path.read_bytes() for place in (LOG, EVENTS) for path in place.glob("*.jsonl")}
        with closing(EventLog(folder)):
            done = interlock("erase", "customer_id=c3", "--yes")
            assert done.code == 6
            assert f"{folder} is being written by another process ({os.getpid()})" in done.err
            assert told("customer_id=c3")["predictions"] == asked.filter(customer_id="c3").height
        assert {path: path.read_bytes() for place in (LOG, EVENTS) for path in place.glob("*.jsonl")} == before
    assert told("customer_id=c3", "--yes")["erased"]


def test_looking_and_erasing_are_one_step(asked: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it looks nobody can write: what would come in between would be missed."""
    tried, look = [], erasing.in_predictions

    def looked(*words: Any) -> list[int]:
        found = look(*words)
        for folder in (LOG, EVENTS):
            with pytest.raises(ArtifactError, match="is being written by another process") as caught:
                EventLog(folder)
            tried.append(caught)
        return found

    monkeypatch.setattr(erasing, "in_predictions", looked)
    assert told("customer_id=c3", "--yes")["predictions"] == asked.filter(customer_id="c3").height
    assert len(tried) == 2


def test_a_moment_is_found_by_the_type_of_its_column(asked: pl.DataFrame) -> None:
    """A day is its midnight; a moment in another zone the same; events by their own columns; what is no moment is refused."""
    for said in ("2025-02-09", "2025-02-09T00:00:00Z", "2025-02-09 01:00:00+01:00"):
        assert told(f"as_of={said}")["predictions"] == asked.filter(pl.col("as_of") == FEBRUARY.replace(day=9)).height == 8
    assert told(f"ts={FEBRUARY:%Y-%m-%d}")["events"] == 1
    first = asked["as_of"][0]
    found = told(f"as_of={first.isoformat()}")
    kept = pl.read_parquet("data/features/requests.parquet").filter(as_of=first).height
    assert [each["rows"]["data/features"]["requests"] for each in found["releases"]] == [kept, kept]
    done = interlock("erase", "as_of=yesterday")
    assert done.code == 2
    assert "as_of=yesterday: expected is" in done.err


@pytest.mark.usefixtures("asked")
def test_pages_that_show_the_entity_are_named_and_stay() -> None:
    """Those of `interlock trace --html` in reports/; what was rejected is told of."""
    mine = next(each.id for each in predictions.every(LOG) if each.prediction and each.prediction.request["customer_id"] == "c3")
    assert interlock("trace", mine, "--html").code == 0
    Path("reports/other.html").write_text("<p>c30</p>")
    assert told("customer_id=c3")["pages"] == ["reports/trace.html"]
    said = interlock("erase", "customer_id=c3", "--yes").out
    assert "reports/trace.html shows it" in said
    assert ".rejected.ndjson" in said
    assert Path("reports/trace.html").exists()


def test_what_is_expired_goes_by_the_declared_retention(asked: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing where conf declares none, which is told; else what is older, and no more; events stay."""
    done = interlock("erase", "--expired")
    assert done.code == 2
    assert "retention: 400d" in done.err
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("usecase:\n", "usecase:\n  retention: 400d\n", 1))
    assert told("--expired")["predictions"] == 0
    real = predictions.one(asked["prediction"][0], LOG).prediction
    assert real is not None
    monkeypatch.setattr("interlock.cli.erase.time.time_ns", lambda: (real.time + 401 * 86_400_000_000) * 1000)
    found = told("--expired", "--yes")
    assert (found["predictions"], found["events"], found["whole"]) == (asked.height, 0, {"predictions": True, "events": True})
    assert all(each.prediction is None for each in predictions.every(LOG))
    assert eventlog.verify(EVENTS).erased == 0


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give COLUMN=VALUE"),
        (["c3"], "names no entity"),
        (["custmer_id=c3"], "neither requests nor a table"),
        (["--expired", "a=b"], "give"),
    ],
)
def test_a_slip_of_the_pen_is_not_taken_for_nothing_to_erase(words: list[str], said: str) -> None:
    done = interlock("erase", *words)
    assert done.code == 2
    assert said in done.err
