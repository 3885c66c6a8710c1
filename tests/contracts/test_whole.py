"""Rules about a whole table, and how old one may be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock import frames
from interlock.catalog import Catalog
from interlock.contracts.check import Seen
from interlock.contracts.freshness import Stale, stale
from interlock.contracts.ledger import LEDGER
from interlock.contracts.profile import Profile, column, profile
from interlock.contracts.reader import read
from interlock.contracts.whole import judge
from interlock.errors import ConfigError
from interlock.params import convert
from interlock.terms import every, rows, stable
from interlock.usecase import Utc, history, source, table_of

START = datetime(2024, 3, 30, 20, tzinfo=UTC)


def _seen(term: Any, frame: pl.DataFrame, accepted: Profile | None = None) -> tuple[Seen, str]:
    @source(rules=[term])
    class Readings(pa.DataFrameModel):
        at: Utc = pa.Field(nullable=True)
        place: str = pa.Field(nullable=True)
        value: float = pa.Field(nullable=True)

    contract = read(table_of(Readings))
    numbered = frame.with_columns(source_row=pl.int_range(pl.len(), dtype=pl.Int64)).lazy()
    (seen,) = judge(contract.whole, frame.height, numbered, profile(numbered, list(contract.types), accepted), accepted)
    return seen, seen.verdict


def _values(values: list[float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {"at": [START] * len(values), "place": ["a"] * len(values), "value": values}, schema_overrides={"value": pl.Float64}
    )


@pytest.mark.parametrize(
    ("term", "count", "said", "words"),
    [
        (rows(3), 3, "pass", ""),
        (rows(3), 2, "fail", "2 rows, at least 3 are expected"),
        (rows(most=3), 4, "fail", "4 rows, at most 3 are expected"),
        (rows(most=3, severity="warn"), 4, "warn", "4 rows"),
        (rows(1, 5), 5, "pass", ""),
        (rows(shrink=0), 99, "fail", "99 rows, at least 100 are expected, the accepted snapshot had 100"),
        (rows(shrink=0), 100, "pass", ""),
        (rows(shrink=0.1), 90, "pass", ""),
        (rows(shrink=0.1), 89, "fail", "89 rows, at least 90 are expected"),
        (rows(shrink=0.5, least=80), 79, "fail", "79 rows, at least 80 are expected"),
    ],
)
def test_a_band_of_row_counts(term: Any, count: int, said: str, words: str) -> None:
    """Too few, too many, or fewer than were accepted: the verdict, and the bound that was missed."""
    seen, verdict = _seen(term, _values([1.0] * count), Profile(100, {}))
    assert verdict == said
    assert said == "pass" or seen.words.startswith(words)


def test_without_an_accepted_snapshot_a_table_cannot_have_shrunk() -> None:
    """The first one is as long as it is."""
    assert _seen(rows(shrink=0), _values([1.0]))[1] == "pass"


@given(st.sets(st.integers(0, 40), max_size=30), st.sets(st.integers(0, 40), max_size=30), st.randoms(use_true_random=False))
def test_every_missing_hour_is_counted(here: set[int], there: set[int], order: Any) -> None:
    """For each place by itself the hours between its first and its last that are not there, whatever the order of rows."""
    series = [("a", hour) for hour in here] + [("b", hour) for hour in there]
    order.shuffle(series)
    frame = pl.DataFrame(
        {
            "at": [START + timedelta(hours=hour) for _, hour in series],
            "place": [place for place, _ in series],
            "value": [0.0] * len(series),
        },
        schema={"at": pl.Datetime("us", "UTC"), "place": pl.String, "value": pl.Float64},
    )
    expected = sum(len(set(range(min(hours), max(hours))) - hours) for hours in (here, there) if hours)
    seen, said = _seen(every("at", "1h", by="place", tolerate=0.2), frame)
    assert seen.rows == expected
    assert seen.share == expected / max(expected + len(series), 1)
    assert said == ("pass" if expected <= 0.2 * (expected + len(series)) else "fail")


def test_the_longest_gap_is_the_first_example() -> None:
    """A gap is told with its place, the row after it, and both its ends."""
    hours = [0, 1, 4, 5, 7]
    frame = pl.DataFrame({"at": [START + timedelta(hours=hour) for hour in hours], "place": ["a"] * 5, "value": [1.0] * 5})
    seen, _ = _seen(every("at", "1h", by="place"), frame)
    assert seen.words == "3 rows are missing in 2 gaps"
    assert seen.first == (
        (2, "a, 2024-03-30 21:00:00+00:00 to 2024-03-31 00:00:00+00:00"),
        (4, "a, 2024-03-31 01:00:00+00:00 to 2024-03-31 03:00:00+00:00"),
    )
    assert _seen(every("at", "3h"), frame)[0].rows == 0


def test_a_distribution_is_held_to_the_accepted_one() -> None:
    """The same values pass, a shift of a tenth of the rows is 0.1, nulls count, and too few rows say nothing."""
    old = _values([float(n % 100) for n in range(2000)])
    accepted = profile(old.lazy(), ["at", "place", "value"])
    shifted = _values([500.0 if n % 10 == 0 else float(n % 100) for n in range(2000)])
    emptied = _values([None if n % 2 else float(n % 100) for n in range(2000)])
    seen, said = _seen(stable("value", at_most=0.05), old, accepted)
    assert (seen.share, said) == (0, "pass")
    seen, said = _seen(stable("value", at_most=0.05), shifted, accepted)
    assert said == "fail"
    assert seen.share == pytest.approx(0.09, abs=0.011)
    assert _seen(stable("value", at_most=0.2), shifted, accepted)[1] == "pass"
    assert _seen(stable("value", at_most=0.45, severity="warn"), emptied, accepted)[1] == "warn"
    assert _seen(stable("value", at_most=0.0), shifted)[0].share is None


def test_what_cannot_be_compared_does_not_pass() -> None:
    """Too few rows, another type, texts of which none is frequent: each is told with the severity of the rule; a first time is not."""
    old = _values([float(n % 100) for n in range(2000)]).with_columns(place=pl.int_range(2000).cast(pl.String))
    accepted = profile(old.lazy(), ["at", "place", "value"])
    texts = Profile(2000, {"value": column(pl.Series(["a"] * 2000))})
    for term, before, words in (
        (stable("value", at_most=1, minimum=2001), accepted, "2,000 rows are fewer than the 2,001"),
        (stable("place", at_most=1), accepted, "all its values were in one bin"),
        (stable("value", at_most=1), texts, "it is Float64, and was String"),
    ):
        seen, said = _seen(term, old, before)
        assert said == "fail"
        assert words in seen.words
        assert _seen(replace(term, severity="warn"), old, before)[1] == "warn"
    seen, said = _seen(stable("value", at_most=0.0), old)
    assert (seen.share, said) == (None, "pass")


@history(by="place", id="place", time="at")
class Readings(pa.DataFrameModel):
    place: str
    at: Utc
    day: pl.Date


TABLES = {"readings": table_of(Readings)}
NOW = datetime(2024, 5, 10, 12, tzinfo=UTC)


def _catalog(**said: Any) -> Catalog:
    entry = {"description": "Of the meters.", "licence": "internal", **said}
    return convert({"owner": "team", "description": "Meters.", "tables": {"readings": entry}}, Catalog, "usecase.catalog")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder with readings, the youngest of which is two days old at NOW."""
    times = [NOW - timedelta(days=9), NOW - timedelta(days=2), None]
    frame = pl.DataFrame({"place": ["a", "b", "c"], "at": times}, schema_overrides={"at": pl.Datetime("us", "UTC")})
    frames.write(frame.with_columns(day=pl.col("at").dt.date()), tmp_path / "readings.parquet")
    return tmp_path


def test_a_table_is_as_old_as_its_youngest_row(raw: Path) -> None:
    """To the microsecond: at its limit it is fresh, beyond that it is stale, or worth a note, as conf says."""
    assert stale(_catalog(fresh="2d"), TABLES, NOW, raw) == []
    assert stale(_catalog(), TABLES, NOW + timedelta(days=99), raw) == []
    later = NOW + timedelta(microseconds=1)
    (found,) = stale(_catalog(fresh="2d", stale="fail"), TABLES, later, raw)
    assert (found.table, found.kind) == ("readings", "stale")
    assert "is 2d old (its last at is 2024-05-08 12:00:00+00:00), and must be no older than 2d" in found.found
    assert [each.kind for each in stale(_catalog(fresh="2d"), TABLES, later, raw)] == ["note"]


def test_another_column_may_tell_the_age(raw: Path) -> None:
    """A day counts from its midnight, UTC."""
    assert stale(_catalog(fresh="60h", aged_by="day"), TABLES, NOW, raw) == []
    assert len(stale(_catalog(fresh="59h", aged_by="day"), TABLES, NOW, raw)) == 1


def test_rows_of_the_future_and_rows_set_aside_tell_no_age(raw: Path, tmp_path: Path) -> None:
    """One row that says next year does not make a table fresh, nor does one that its contract did not let in."""
    times = [NOW - timedelta(days=9), NOW - timedelta(days=2), NOW + timedelta(days=365)]
    frame = pl.DataFrame({"at": times, "source_row": [0, 1, 2]}, schema={"at": pl.Datetime("us", "UTC"), "source_row": pl.Int64})
    frames.write(frame, raw / "readings.parquet")
    aside = tmp_path / "aside"
    assert stale(_catalog(fresh="2d"), TABLES, NOW, raw, aside) == []
    (found,) = stale(_catalog(fresh="1d"), TABLES, NOW, raw, aside)
    assert "is 2d old" in found.found
    frames.write(LEDGER.clear(1).with_columns(source_row=pl.lit(1, pl.Int64)), aside / "readings.parquet")
    (found,) = stale(_catalog(fresh="2d"), TABLES, NOW, raw, aside)
    assert "is 9d old" in found.found


def test_what_tells_no_age_is_said(raw: Path, tmp_path: Path) -> None:
    """No time, a column that is none, no row with a time: each is told, and fails where conf says that old data do; of a table
    that was not read yet, that nothing was looked at."""
    for said, kind in (("warn", "note"), ("fail", "stale")):
        (found,) = stale(_catalog(fresh="2d", stale=said), {}, NOW, raw)
        assert isinstance(found, Stale)
        assert ("nothing tells its age" in found.found, found.kind) == (True, kind)
    with pytest.raises(ConfigError, match=r"usecase.catalog.tables.readings.aged_by: place is no column of moments"):
        stale(_catalog(fresh="2d", aged_by="place"), TABLES, NOW, raw)
    (found,) = stale(_catalog(fresh="2d", stale="fail"), TABLES, NOW, tmp_path / "none")
    assert found.kind == "note"
    assert "is not here: nothing was looked at" in found.found
    frames.write(pl.DataFrame({"at": [None]}, schema={"at": pl.Datetime("us", "UTC")}), raw / "readings.parquet")
    assert "has no valid row with a time" in stale(_catalog(fresh="2d"), TABLES, NOW, raw)[0].found


@pytest.mark.parametrize("said", [{"fresh": "two days"}, {"fresh": "2d", "stale": "quarantine"}])
def test_a_mistake_in_conf_is_told(said: dict[str, str]) -> None:
    """The key and what it may be."""
    with pytest.raises(ConfigError, match=r"usecase.catalog.tables.readings"):
        _catalog(**said)
