"""What a source row has reached is the other way round of what predictions were traced to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from interlock import frames, git
from interlock.cli.trace import trace as command
from interlock.errors import ArtifactError, ConfigError
from interlock.frames import ROW
from interlock.lineage.forwards import forwards
from interlock.lineage.trace import trace
from interlock.releases.registry import Release
from interlock.serving import predictions
from tests.lineage import traced
from tests.lineage.flown import flown, released

LOG = Path("online/predictions")
__all__ = ["flown", "released"]  # fixtures
Flown = tuple[Release, list[str]]


def test_a_row_has_reached_exactly_the_features_that_counted_it(flown: Flown) -> None:
    """For flights, weather, planes and airports: forwards from the row and backwards from every prediction say the same pairs."""
    backwards: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for one in flown[1]:
        told = trace(predictions.one(one), None)
        for origin in told.origins:
            backwards.setdefault((origin.table, origin.row), set()).add((one, ""))
        for feature in told.features:
            for row in feature.rows.shown if feature.rows else ():
                assert feature.rows is not None
                assert row.row is not None
                backwards.setdefault((feature.rows.table, row.row), set()).add((one, feature.name))
    often = sorted(backwards, key=lambda place: (-len(backwards[place]), place))
    chosen = [place for table in ("flights", "weather", "planes", "airports") for place in [each for each in often if each[0] == table][:2]]
    chosen += [place for place in often if any(name == "" for _, name in backwards[place])][:4]
    assert len(chosen) == 12
    for table, number in chosen:
        found = forwards(table, number, None, LOG)
        assert {(one, use.feature) for use in found.uses for one in use.first} == backwards[table, number]
        assert sum(use.predictions for use in found.uses) == len(backwards[table, number])
        assert (found.looked, found.erased) == (5, 0)


def test_a_row_in_quarantine_trained_nothing_and_reached_nobody(flown: Flown) -> None:  # noqa: ARG001
    """The release says by which rule it was set aside, and no prediction counts it."""
    ledgers = {path.stem: frames.read(path) for path in sorted(Path("data/quarantine").glob("*.parquet"))}
    table, ledger = next((name, rows) for name, rows in ledgers.items() if rows.height)
    found = forwards(table, ledger[ROW][0], None, LOG)
    assert [(release.held, release.why.startswith("set aside by ")) for release in found.releases] == [(False, True)]
    assert ledger["rule"][0] in found.releases[0].why
    assert found.uses == ()
    assert found.notes == ("flights@v1.0.0: the row was in quarantine, and no feature could read it",)


def test_another_row_under_the_same_number_is_told_apart(flown: Flown) -> None:
    """The source has changed since the release: its row of that number is another one, until its numbering is asked for."""
    path = Path("data/raw/flights.parquet")
    rows = frames.read(path)
    number = next(origin.row for origin in trace(predictions.one(flown[1][1])).origins if origin.table == "flights")
    changed = rows.with_columns(distance=pl.when(pl.col(ROW) == number).then(1).otherwise("distance").cast(pl.Int32))
    frames.write(changed, path)
    again = traced.release("v1.1.0")
    now, then = forwards("flights", number, None, LOG), forwards("flights", number, "v1.0.0", LOG)
    assert [(release.tag, release.held) for release in now.releases] == [("flights@v1.0.0", False), (again.tag, True)]
    assert [(release.tag, release.held) for release in then.releases] == [("flights@v1.0.0", True), (again.tag, False)]
    assert now.values["distance"] == 1
    assert then.values["distance"] != 1


def test_a_row_is_dated_against_the_end_of_training(flown: Flown) -> None:
    """A flight of the first and one of the last day of the world: both lay in the raw data, one before and one after training ended.
    Airports have no time, and nothing is said of them."""
    assert flown
    rows = frames.read(Path("data/raw/flights.parquet")).join(
        frames.read(Path("data/quarantine/flights.parquet")).select(ROW), on=ROW, how="anti"
    )
    known = rows.filter(pl.col("dep_time").is_not_null()).sort("time_hour")
    until = datetime(2013, 9, 1, 4, tzinfo=UTC)
    for number, hour in (known.select(ROW, "time_hour").row(place) for place in (0, -1)):
        (release,) = forwards("flights", number, None, LOG).releases
        assert release.held
        assert release.dated is not None
        assert release.dated.before == (hour < until)
        assert datetime.fromisoformat(release.dated.time) - hour < timedelta(days=1)
        assert datetime.fromisoformat(release.dated.train_until) == until
        word = "before" if hour < until else "AFTER"
        said = CliRunner().invoke(command, ["--row", f"flights:{number}"]).output
        assert f"it lay in the raw data, dated {release.dated.time} ({release.dated.history}), {word} the end of training" in said
    (release,) = forwards("airports", 0, None, LOG).releases
    assert (release.held, release.dated, release.why) == (True, None, "")


def test_a_bad_tag_is_named_and_the_others_are_told(flown: Flown) -> None:
    """A lightweight tag under the name of a version: it is said, and the release beside it is looked at."""
    git.git("tag", "flights@v9.9.9")
    found = forwards("airports", 0, None, LOG)
    assert [release.tag for release in found.releases] == [flown[0].tag]
    assert any("flights@v9.9.9" in note for note in found.notes)


def test_erased_predictions_are_counted_as_such(flown: Flown) -> None:  # noqa: ARG001
    """They are looked at, and nothing is said of them."""
    with predictions.writer() as log:
        log.erase([1, 2])
    found = forwards("airports", 0, None, LOG)
    assert (found.looked, found.erased) == (5, 2)


@pytest.mark.parametrize(
    ("table", "row", "error"), [("nothing", 0, ConfigError), ("flights", 10**9, ArtifactError), ("../raw/flights", 0, ConfigError)]
)
def test_what_is_not_there_is_refused_by_name(flown: Flown, table: str, row: int, error: type[Exception]) -> None:
    """A table or row that is not there, and a path that tries to be a table."""
    assert flown
    with pytest.raises(error, match=str(row) if error is ArtifactError else table):
        forwards(table, row, None, LOG)
