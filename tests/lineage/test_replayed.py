"""Predictions of two releases made again, some after events that no release had seen, and what was altered found by name."""

import importlib.metadata
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from interlock.features import records
from interlock.past import KEPT, Past
from interlock.serving import predictions
from interlock.serving.record import Prediction
from tests.serving.released import SECOND, add, came, deploy, deployed, interlock, requests

__all__ = ["deployed"]
pytestmark = pytest.mark.usefixtures("deployed")
LOG, EVENTS, OUT = Path("online/predictions"), Path("online/log"), Path("scores.parquet")
FEBRUARY = datetime(2025, 2, 1, tzinfo=UTC)


def asked(day: int, rows: int = 20) -> None:
    """Requests of some customers on a day of February, which no snapshot has, into a.parquet."""
    as_of = FEBRUARY.replace(day=day)
    utc = pl.Datetime("us", "UTC")
    pl.DataFrame({"customer_id": [f"c{n}" for n in range(rows)], "as_of": [as_of] * rows}).cast({"as_of": utc}).write_parquet("a.parquet")


def score(*words: str) -> list[str]:
    done = interlock("score", "a.parquet", str(OUT), *words)
    assert done.code == 0, done
    return pl.read_parquet(OUT)["prediction"].to_list()


@pytest.fixture
def made(deployed: Path) -> dict[str, list[str]]:
    """Predictions of both versions before events came in, between two batches of them, and from another commit after both."""
    found = {}
    requests(20).write_parquet(deployed / "a.parquet")
    found["before"] = score()
    add(came(100, FEBRUARY), "available")
    asked(6)
    found["between"] = score("--version", "v1.1.0")
    late = came(60, FEBRUARY.replace(day=3)).with_columns(pl.col("event_id") + "-late")
    add(late, "available")
    found["late"] = score("--version", "v1.1.0")
    deploy({"staging": SECOND, "prod": SECOND})
    asked(7)
    found["after"] = score("--stage", "prod") + score("--version", "v1.0.0")
    return found


def test_a_hundred_predictions_are_made_again_to_the_last_bit(made: dict[str, list[str]]) -> None:
    """Over two versions, two commits and three positions of the event log, not one bit differs; the same requests gave other scores
    where events had come in between, so that it took the right ones to make them again."""
    done = interlock("replay", "--sample", "100", "--json")
    told = json.loads(done.out)
    assert (done.code, told["predictions"], told["equal"], told["differ"], told["failed"]) == (0, 100, 100, [], [])
    found = [prediction(each) for ids in made.values() for each in ids]
    assert {each.version for each in found} == {"churn@v1.0.0", "churn@v1.1.0"}
    assert {each.snapshot.position for each in found} == {0, 100, 160}
    assert len({each.snapshot.commit for each in found}) == 2
    between, late = ([prediction(each).values for each in made[name]] for name in ("between", "late"))
    assert between != late


def test_one_is_made_again_by_its_id(made: dict[str, list[str]]) -> None:
    done = interlock("replay", made["between"][3])
    assert (done.code, done.out) == (0, "✓ 1 of 1 predictions of churn@v1.1.0 made again to the last bit\n")
    assert interlock("replay", "1-000000000000").code == 6
    assert interlock("replay", "hello").code == 2
    assert interlock("replay").code == 2


def forged(position: int, change: Callable[[Prediction], Prediction]) -> str:
    """The id of a prediction that was written as another, with hashes and chain that are right: only replay can tell."""
    path, before = next(LOG.glob("*.jsonl")), records.GENESIS
    lines = []
    for line in path.read_bytes().splitlines():
        record = records.parsed(line)
        payload = bytes(record.payload)
        if record.position == position:
            payload = msgspec.json.encode(change(msgspec.json.decode(payload, type=Prediction)))
        made = records.record(record.position, records.Event(record.table, record.arrived, record.histories, payload), before)
        lines.append(made.line)
        before = made.chain
    path.write_bytes(b"".join(lines))
    return next(each.id for each in predictions.every(LOG) if each.position == position)


@dataclass(frozen=True)
class Forged:
    """A field of a record that says another thing, and what replay must name."""

    field: str | None
    name: str
    change: Callable[[Any], Any]
    what: str

    def changed(self, before: Prediction) -> Prediction:
        plain = msgspec.to_builtins(before)
        part = plain if self.field is None else plain[self.field]
        part[self.name] = self.change(part[self.name])
        return msgspec.convert(plain, Prediction)


FORGED = [
    Forged("request", "customer_id", lambda _: "c159", "feature "),
    Forged("values", "logins_90d", lambda value: value + 1, "feature logins_90d"),
    Forged("values", "everybody_90d", lambda value: value * (1 + 2**-52), "feature everybody_90d"),
    Forged("scores", "raw_score", lambda value: value * (1 + 2**-52), "raw_score"),
    Forged("scores", "score", lambda value: value * (1 + 2**-52), "score"),
    Forged("snapshot", "chain", lambda value: value[::-1], "event log at position 100"),
    Forged("snapshot", "raw", lambda value: "x" + value[1:], "data/raw"),
    Forged(None, "bundle", lambda value: value[::-1], "bundle"),
    Forged(None, "features", lambda value: value[::-1], "feature set"),
]


def test_what_differs_first_is_named(made: dict[str, list[str]]) -> None:
    """A record that says another thing than was, by one unit in the last place, is found out: request, feature, raw score, score, data."""
    path = next(LOG.glob("*.jsonl"))
    before = path.read_bytes()
    for each in FORGED:
        identity = forged(int(made["between"][3].partition("-")[0]), each.changed)
        done = interlock("replay", identity)
        assert done.code in (1, 6), (each, done)
        assert f"\n  {identity}" in done.out
        assert each.what in done.out, (each, done)
        path.write_bytes(before)


def flip(path: Path, at: int) -> None:
    """Alter one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def test_a_flipped_byte_in_a_log_is_found_and_named(made: dict[str, list[str]]) -> None:
    """In the event log and in the prediction log alike: the position is told, and nothing is said to be equal."""
    segment = next(EVENTS.glob("*.jsonl"))
    size = segment.stat().st_size
    flip(segment, size // 3)
    done = interlock("replay", "--sample", "10")
    assert done.code == 6
    assert "online/log: the record at position" in done.err
    flip(segment, size // 3)
    assert interlock("replay", made["after"][0]).code == 0
    own = next(LOG.glob("*.jsonl"))
    flip(own, own.stat().st_size // 3)
    done = interlock("replay", "--sample", "10")
    assert done.code == 6
    assert "online/predictions: the record at position" in done.err


def test_a_flipped_byte_in_a_bundle_or_in_source_rows_is_found_and_named(made: dict[str, list[str]]) -> None:
    """In what was fetched, and in the cache of DVC itself: the file is named, and nothing is replayed from it."""
    commit = prediction(made["between"][0]).commit
    for path, inside in (
        ("models/bundle", "model/booster.txt"),
        ("models/bundle", "golden/scores.parquet"),
        ("data/raw", "events.parquet"),
    ):
        where = Past(prediction(made["between"][0]).snapshot.commit if path == "data/raw" else commit)
        file = where.folder(path) / inside
        flip(file, file.stat().st_size // 2)
        done = interlock("replay", made["between"][0])
        assert done.code == 6, done
        assert f"{path}/{inside}" in done.err
        assert interlock("replay", made["between"][0]).code == 0
    subprocess.run(["rm", "-rf", KEPT], check=True)
    for file in (path for path in Path(".dvc/cache").rglob("*") if path.is_file() and not path.name.endswith(".dir")):
        flip(file, file.stat().st_size // 2)
    assert interlock("replay", made["between"][0]).code == 6


def test_another_environment_is_refused_or_said_loudly(made: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what is installed is not what the bundle was made with: refused with names and versions, and with --anyway told."""
    real = importlib.metadata.version
    monkeypatch.setattr("interlock.lineage.environment.version", lambda name: "9.9.9" if name == "polars" else real(name))
    done = interlock("replay", made["before"][0])
    assert done.code == 6
    assert "polars 9.9.9, made with 2.1.0" in done.err
    done = interlock("replay", made["before"][0], "--anyway")
    assert done.code == 0
    assert "ANOTHER ENVIRONMENT than that of churn@v1.0.0: polars 9.9.9, made with 2.1.0" in done.err


def test_what_another_version_would_have_said(made: dict[str, list[str]]) -> None:
    """Every prediction of the other version, over its own snapshot and events: the figures are those of scoring the same requests
    by it, counted by hand; slices add up to the whole."""
    done = interlock("replay", "--with", "v1.0.0", "--json")
    assert done.code == 0, done
    (found,) = json.loads(done.out)
    assert (found["from"], found["to"], found["rows"], found["unscored"]) == ("churn@v1.1.0", "churn@v1.0.0", 60, [])
    cuts = {
        version: json.loads(Past(commit(version)).text("reports/metrics.json") or "")["decision"]["threshold"]
        for version in ("v1.0.0", "v1.1.0")
    }
    half = len(made["after"]) // 2
    pairs = [
        (prediction(old).scores["score"], prediction(new).scores["score"])
        for new, old in zip(made["after"][half:], made["after"][:half], strict=True)
    ]
    mine = interlock("replay", *made["after"][:half], "--with", "v1.0.0", "--json")
    (told,) = json.loads(mine.out)
    assert told["rows"] == half
    assert told["flips"] == sum((old >= cuts["v1.1.0"]) != (new >= cuts["v1.0.0"]) for old, new in pairs)
    assert told["moved"] == sum(old != new for old, new in pairs) > half // 2
    assert told["largest_move"] == max((new - old for old, new in pairs), key=abs)
    for key in ("rows", "moved"):
        assert sum(each[key] for each in told["slices"] if each["slice"].startswith("country")) == told[key]
    table = interlock("replay", "--with", "v1.0.0")
    assert "churn@v1.1.0 → churn@v1.0.0" in table.out
    assert "country = AT" in table.out


def test_a_window_of_time_is_kept(made: dict[str, list[str]]) -> None:
    """--since and --until take those that were made in between; an empty window is told."""
    moments = sorted({prediction(each).time for ids in made.values() for each in ids})
    first, last = (datetime.fromtimestamp(time / 1e6, UTC).isoformat() for time in (moments[1], moments[-1]))
    done = interlock("replay", "--since", first, "--until", last, "--json")
    assert json.loads(done.out)["predictions"] == sum(
        moments[1] <= prediction(each).time < moments[-1] for ids in made.values() for each in ids
    )
    assert interlock("replay", "--since", "2100-01-01T00:00Z").code == 6


def commit(version: str) -> str:
    return subprocess.run(["git", "rev-list", "-1", f"churn@{version}"], check=True, capture_output=True, text=True).stdout.strip()


def prediction(identity: str) -> Prediction:
    found = predictions.one(identity, LOG).prediction
    assert found is not None
    return found
