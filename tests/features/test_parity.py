"""Parity finds every fault that is planted in the online side, and says where it is; without one it finds nothing."""

import math
import struct
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interlock.evaluation.gates import Gates, judge
from interlock.evaluation.verdicts import FAIL, LACKING, PASS
from interlock.features import offline
from interlock.features.asof import Timeline
from interlock.features.bits import differing
from interlock.features.featureset import Latest, Window
from interlock.features.histories import ID, SEEN, TIME
from interlock.features.online import Online
from interlock.features.parity import FIRST, Parity, Result
from interlock.features.state import Known, State
from interlock.features.stores.lmdb import Lmdb
from interlock.features.stores.memory import Memory
from interlock.params import convert, read_yaml
from tests.examples import fewer
from tests.features import brute
from tests.features.planted import ASKED, EVENTS, PLACES, Day, feed, misdeclare, misread
from tests.features.worlds import World, worlds

CONF = Path(__file__).parents[2] / "conf/gates"
LOOKING = {"many", "total", "earlier", "last", "most", "part"}  # what reads the history Late
half_as_often = settings(max_examples=fewer(2))
a_third = settings(max_examples=fewer(3))
Patch = pytest.MonkeyPatch


def noted(result: Result, feature: str) -> dict[str, Any]:
    """The first mismatch of a feature, without its logic."""
    (found,) = (each for each in result.first if each["feature"] == feature)
    return {key: value for key, value in found.items() if key not in {"feature", "logic"}}


def at(request: str, clock: str) -> dict[str, str]:
    return {"as_of": f"2024-02-29 {clock}:00+00:00", "rid": request}


@pytest.mark.parametrize("batch", [1, 3, 256])
def test_without_a_fault_nothing_differs(batch: int) -> None:
    """Every row compared and every value equal, whatever the size of a micro-batch."""
    result = Day().compared(batch)
    assert (result.rows, result.equal, result.first) == (len(ASKED), True, [])


@half_as_often
@given(worlds(), st.integers(1, 9))
def test_generated_use_cases_are_equal(world: World, batch: int) -> None:
    """Late, early, tied and invisible rows, null and colliding keys, every statistic: online and offline are equal to the bit."""
    assume(world.requests)
    assert replayed(world, batch).equal


def replayed(world: World, batch: int) -> Result:
    asked, result = world.asked.sort("as_of", "rid"), Result()
    made = offline.compute(world.declared, asked, world.lazy)
    Parity(world.declared, Memory(), world.lazy).check(asked, made, result, batch)
    return result


def test_a_time_zone_that_only_the_online_side_reads_is_found(monkeypatch: Patch) -> None:
    """An hour later online: every feature that looks back over that history is named, with the rows behind it, and no other."""
    feed(monkeypatch, lambda rows: rows.with_columns(pl.col(TIME, SEEN) + timedelta(hours=1)))
    result = Day().compared()
    assert set(result.mismatches) == LOOKING
    assert noted(result, "total") == {
        "request": at("a 0", "12:00"), "online": "0.1", "offline": "0.3", "history": "Late",
        "both": 1, "only_offline": ["e2"], "only_online": [],
    }  # fmt: skip
    assert noted(result, "last") == {
        "request": at("a 0", "12:00"), "online": 1, "offline": -1, "history": "Late",
        "both": 0, "only_offline": ["e2"], "only_online": ["e1"],
    }  # fmt: skip


def test_a_row_seen_at_the_very_moment_is_found_where_it_counts(monkeypatch: Patch) -> None:
    """`<=` for `<` at the moment: one row was seen exactly when a request was asked, and it is that row which is named."""
    misread(monkeypatch, seen=1)
    result = Day().compared()
    assert result.mismatches == {"many": 1, "total": 1, "last": 1, "part": 1, "earlier": 1}
    assert noted(result, "many") == {
        "request": at("a 1", "12:30"), "online": 3, "offline": 2, "history": "Late", "both": 2, "only_offline": [], "only_online": ["e4"],
    }  # fmt: skip
    assert noted(result, "last")["only_online"] == ["e4"]
    assert noted(result, "earlier") == {
        "request": at("a 3", "13:30"), "online": 3, "offline": 2, "history": "Late", "both": 2, "only_offline": [], "only_online": ["e4"],
    }  # fmt: skip


def test_a_window_that_begins_a_moment_too_late_is_found(monkeypatch: Patch) -> None:
    """`<=` for `<` at the start of the window: the row that lies exactly there is missing online, and is named."""
    misread(monkeypatch, start=1)
    result = Day().compared()
    assert set(result.mismatches) == {"many", "total", "earlier", "part"}
    assert noted(result, "many") == {
        "request": at("a 0", "12:00"), "online": 0, "offline": 1, "history": "Late", "both": 0, "only_offline": ["e2"], "only_online": [],
    }  # fmt: skip
    assert noted(result, "total")["only_offline"] == ["e1"]


def test_a_float_sum_is_found_in_its_last_bit(monkeypatch: Patch) -> None:
    """The same rows added as floats, one after the other: the sum differs by a bit, and the report says that the rows do not."""
    matrix = Online.matrix

    def floats(self: Online, requests: pl.DataFrame) -> pl.DataFrame:
        made = matrix(self, requests)
        window = self.features.by_name.get("total")
        if window is None or window.dtype != "Float64":
            return made
        world = brute.World(self.features, {"events": EVENTS, "places": PLACES})
        totals = [added(world, window, request) for request in requests.rows(named=True)]
        return made.with_columns(pl.Series("total", totals, dtype=pl.Float64))

    def added(world: brute.World, window: Any, request: dict[str, Any]) -> float | None:
        moment, rows = world.visible(window, request)
        values = [row["x"] for row in rows if row[brute.TIME] >= moment - timedelta(microseconds=window.width)]
        total = 0.0
        for value in values:
            total += value
        return total if values else None

    monkeypatch.setattr(Online, "matrix", floats)
    result = Day().compared()
    assert set(result.mismatches) == {"total"}
    found = noted(result, "total")
    assert (found["online"], found["offline"]) == ("0.30000000000000004", "0.3")
    assert (found["both"], found["only_offline"], found["only_online"]) == (2, [], [])


def test_late_events_that_the_online_side_drops_are_found(monkeypatch: Patch) -> None:
    """Whatever became available after it happened is missing online: the features, the request and those rows are named."""
    feed(monkeypatch, lambda rows: rows.filter(pl.col(TIME) == pl.col(SEEN)))
    result = Day().compared()
    assert set(result.mismatches) == LOOKING
    assert noted(result, "many") == {
        "request": at("a 1", "12:30"), "online": 1, "offline": 2, "history": "Late", "both": 1, "only_offline": ["e3"], "only_online": [],
    }  # fmt: skip
    assert noted(result, "most") == {
        "request": at("a 1", "12:30"), "online": 1, "offline": 7, "history": "Late", "both": 2, "only_offline": ["e3"], "only_online": [],
    }  # fmt: skip


def test_a_feed_that_died_is_found(monkeypatch: Patch) -> None:
    """A history of which nothing comes after the store was filled: its features are named with what they miss, the other's are not."""
    feed(monkeypatch, lambda rows: rows.clear(), filled=False)
    result = Day().compared()
    assert set(result.mismatches) == LOOKING
    assert noted(result, "many") == {
        "request": at("a 1", "12:30"), "online": 0, "offline": 2, "history": "Late", "both": 0, "only_offline": ["e3", "q1"], "only_online": [],
    }  # fmt: skip
    assert noted(result, "part")["through"] == "_all"
    assert noted(result, "part")["only_offline"] == ["0", "e3", "o1", "q1"]


def test_the_feed_of_the_other_history_is_told_apart(monkeypatch: Patch) -> None:
    """Of two histories over one source, the one whose feed died is the one that is named."""
    feed(monkeypatch, lambda rows: rows.clear(), names=("Other",), filled=False)
    result = Day().compared()
    assert set(result.mismatches) == {"quiet"}
    assert (noted(result, "quiet")["history"], noted(result, "quiet")["only_offline"]) == ("Other", ["q1"])


def test_an_event_that_comes_twice_under_two_ids_is_found(monkeypatch: Patch) -> None:
    """The copies are named by the ids that they have online alone."""
    feed(monkeypatch, lambda rows: pl.concat([rows, rows.with_columns(pl.col(ID) + " again")]), filled=False)
    result = Day().compared()
    assert set(result.mismatches) == {"many", "total", "earlier"}
    assert noted(result, "many") == {
        "request": at("a 1", "12:30"), "online": 4, "offline": 2, "history": "Late",
        "both": 2, "only_offline": [], "only_online": ["e3 again", "q1 again"],
    }  # fmt: skip


def test_an_event_that_is_counted_twice_under_one_id_is_found(monkeypatch: Patch) -> None:
    """Where an id that is known is not passed over, its row is named once more."""
    known = State.known

    def all_fresh(self: State, name: str, rows: pl.DataFrame) -> Known:
        found = known(self, name, pl.concat([rows, rows]) if name == "Late" else rows)
        return Known(pl.concat([found.fresh, found.again]), found.again.clear(), found.other)

    monkeypatch.setattr(State, "known", all_fresh)
    result = Day().compared()
    assert set(result.mismatches) == {"many", "total", "earlier"}
    found = noted(result, "many")
    assert (found["online"], found["offline"], found["both"]) == (4, 2, 2)
    assert (found["only_offline"], found["only_online"]) == ([], ["e3", "q1"])


@pytest.mark.parametrize("hours", [0, 2])
def test_a_wrong_ago_is_found(monkeypatch: Patch, hours: int) -> None:
    """The online side moves the moment back by another length: that feature alone is named, with the rows of both windows."""
    misdeclare(monkeypatch, {"earlier"}, ago=hours * 3_600_000_000)
    result = Day().compared()
    assert set(result.mismatches) == {"earlier"}
    assert noted(result, "earlier")["request"] == at("a 0", "12:00")
    assert noted(result, "earlier")["only_offline"] == ["e1"]


def test_a_stale_value_that_is_still_told_is_found(monkeypatch: Patch) -> None:
    """Without its max_age the last value is told for ever: the row that is too old is named."""
    misdeclare(monkeypatch, {"last"}, max_age=None)
    result = Day().compared()
    assert result.mismatches == {"last": 1}
    assert noted(result, "last") == {
        "request": at("a 4", "14:00"), "online": 5, "offline": None, "history": "Late", "both": 0, "only_offline": [], "only_online": ["e6"],
    }  # fmt: skip


def test_null_keys_that_are_joined_are_found(monkeypatch: Patch) -> None:
    """A null key taken for an entity, on requests and rows alike: the row without a key is named."""
    matrix = Online.matrix

    def joining(self: Online, requests: pl.DataFrame) -> pl.DataFrame:
        if "a" not in requests.columns:
            return matrix(self, requests)
        return matrix(self, requests.with_columns(pl.col("a").fill_null(""))).with_columns(requests["a"])

    feed(monkeypatch, lambda rows: rows.with_columns(pl.col("a").fill_null("")))
    monkeypatch.setattr(Online, "matrix", joining)
    result = Day().compared()
    assert set(result.mismatches) == LOOKING
    assert noted(result, "many") == {
        "request": at("None 1", "12:30"), "online": 1, "offline": 0, "history": "Late", "both": 0, "only_offline": [], "only_online": ["0"],
    }  # fmt: skip


def test_a_reference_that_changed_is_found(monkeypatch: Patch) -> None:
    """Another value under the same key online: the lookup is named with both values."""
    day, materialize = Day(), State.materialize

    def changed(self: State, tables: Any, *rest: Any) -> dict[str, int]:
        return materialize(self, {**tables, "places": tables["places"].with_columns(size=pl.col("size") + 1)}, *rest)

    monkeypatch.setattr(State, "materialize", changed)
    result = day.compared()
    assert result.mismatches == {"size": 7}
    assert noted(result, "size") == {"request": at("a 0", "12:00"), "online": 4, "offline": 3}


@a_third
@given(worlds(), st.randoms(use_true_random=True), st.integers(1, 9))
def test_an_event_that_is_missing_is_the_one_that_is_named(world: World, random: Random, batch: int) -> None:
    """One random event never comes online: whatever looks back and differs counted that event offline, and online no other
    but, for the last row, the one before it.
    """
    assume(world.requests and world.tables["events"])
    gone = random.choice(world.tables["events"])
    with pytest.MonkeyPatch.context() as monkeypatch:
        feed(
            monkeypatch, lambda rows: rows.filter(pl.col(ID) != gone["id" if rows.schema[ID] == pl.String else "number"]), names=("Events",)
        )
        result = replayed(world, batch)
    for found in result.first:
        feature = world.declared.by_name[found["feature"]]
        if isinstance(feature, Window | Latest):
            assert found["only_offline"] in ([gone["id"]], [str(gone["number"])]), found
            assert len(found["only_online"]) <= isinstance(feature, Latest), found


def test_the_offline_side_says_itself_what_it_counted() -> None:
    """A fault of the offline executor is named by its own rows too: here it takes in what was seen at the very moment."""
    before = Timeline.before
    with patch.object(Timeline, "before", lambda line, back: before(line, back - 1)):
        result = Day().compared()
    assert (noted(result, "last")["only_offline"], noted(result, "last")["only_online"]) == (["e4"], ["q1"])
    assert (noted(result, "many")["only_offline"], noted(result, "many")["only_online"]) == ([], ["e2"])


def test_the_first_mismatches_are_of_different_features(monkeypatch: Patch) -> None:
    """At most five, one a feature; counts go on."""
    feed(monkeypatch, lambda rows: rows.with_columns(pl.col(TIME, SEEN) + timedelta(hours=1)))
    result = Day().compared()
    named = [found["feature"] for found in result.first]
    assert len(named) == len(set(named)) == FIRST < len(result.mismatches)
    assert sum(result.mismatches.values()) > 20


def test_a_mismatch_is_explained_from_a_store_on_disk(monkeypatch: Patch, tmp_path: Any) -> None:
    """What is read to explain one does not depend on the kind of store."""
    feed(monkeypatch, lambda rows: rows.filter(pl.col(TIME) == pl.col(SEEN)))
    day, result, store = Day(), Result(), Lmdb(tmp_path)
    Parity(day.features, store, day.tables).check(day.asked, day.offline, result, 3)
    store.close()
    assert result == day.compared()


def test_rows_that_featurize_lacks_are_extra() -> None:
    """What the online path answers and `featurize` has not is counted, and not compared."""
    day = Day()
    result = day.compared(offline=day.offline[2:])
    assert (result.rows, result.missing, result.extra, result.equal) == (len(ASKED) - 2, 0, 2, False)


@pytest.mark.parametrize(("answer", "missing", "extra"), [(lambda made: made[1:], 5, 0), (lambda made: pl.concat([made, made[:1]]), 0, 5)])
def test_rows_that_the_online_path_loses_or_repeats_are_counted(monkeypatch: Patch, answer: Any, missing: int, extra: int) -> None:
    """A row less in each of five micro-batches is missing, a row more is extra; the others are compared with their own."""
    matrix = Online.matrix
    monkeypatch.setattr(Online, "matrix", lambda self, requests: answer(matrix(self, requests)))
    result = Day().compared(3)
    assert (result.rows, result.missing, result.extra) == (len(ASKED) - missing, missing, extra)
    assert (result.mismatches, result.equal) == ({}, False)


def test_nothing_compared_is_never_equal() -> None:
    """No request, or none that both sides have: not equal, and the report says so."""
    day, result = Day(), Result()
    Parity(day.features, Memory(), day.tables).check(day.asked.clear(), day.offline, result)
    assert (result.rows, result.equal, result.report(day.features)["equal"]) == (0, False, False)
    assert not day.compared(offline=day.offline.clear()).equal


@pytest.mark.parametrize(
    ("result", "mismatches", "verdict"),
    [
        (Result(), None, LACKING),
        (Result(missing=1000), None, LACKING),
        (Result(extra=1000), None, LACKING),
        (Result(rows=10, missing=1), 1, FAIL),
        (Result(rows=10, extra=2), 2, FAIL),
        (Result(rows=10, missing=1, extra=2, mismatches={"many": 3, "last": 4}), 10, FAIL),
        (Result(rows=10), 0, PASS),
    ],
    ids=str,
)
def test_the_gate_passes_where_rows_were_compared_and_nothing_differed_alone(result: Result, mismatches: int | None, verdict: str) -> None:
    """Rows that one side lacks count like values that differ, and no row compared is no number: the default gate reads it so."""
    report = result.report(Day().features)
    gates: Gates = convert({"parity": read_yaml(CONF / "every.yaml")["parity"]}, Gates, "gates")
    assert report["mismatches"] == mismatches
    assert judge(gates, {"parity": report})["verdict"] == verdict
    assert (verdict == PASS) == report["equal"]


def test_a_report_counts_what_was_compared(monkeypatch: Patch) -> None:
    """Features, rows, values, mismatches in all and by feature."""
    misdeclare(monkeypatch, {"last"}, max_age=None)
    day = Day()
    report = day.compared().report(day.features)
    assert {key: value for key, value in report.items() if key != "first"} == {
        "equal": False, "features": 8, "rows": 14, "compared": 112, "mismatches": 1, "missing": 0, "extra": 0, "by_feature": {"last": 1},
    }  # fmt: skip


def nan(sign: int, payload: int) -> float:
    return float(struct.unpack(">d", struct.pack(">Q", sign << 63 | 0x7FF8 << 48 | payload))[0])


def test_zero_has_no_sign_and_nan_is_nan() -> None:
    """Bits decide, but for the sign of zero and what is inside a NaN, which no model sees; null is neither NaN nor zero."""
    left = pl.Series([0.0, nan(0, 0), math.nan, None, None, None, 1.0, math.inf, 0.0])
    right = pl.Series([-0.0, nan(1, 7), None, None, 0.0, math.nan, math.nextafter(1.0, 2), -math.inf, 5e-324])
    expected = [False, False, True, False, True, True, True, True, True]
    assert differing(left, right).to_list() == differing(right, left).to_list() == expected
    assert differing(left.cast(pl.Float32), left.cast(pl.Float32)).sum() == 0


@pytest.mark.parametrize("values", [["a", None, ""], [True, None, False], [1, None, 0], [timedelta(1), None, timedelta(0)]])
def test_other_values_differ_as_they_are(values: list[Any]) -> None:
    """Null is equal to null alone, for text, truth, numbers and times."""
    series = pl.Series(values)
    assert differing(series, series).to_list() == [False] * 3
    assert differing(series, series.reverse()).to_list() == [True, False, True]


def test_values_of_two_types_differ_all() -> None:
    """1 is not 1.0, even where there are no rows to see it by."""
    assert differing(pl.Series([1, 2]), pl.Series([1.0, 2.0])).to_list() == [True, True]
    assert differing(pl.Series([], dtype=pl.Int64), pl.Series([], dtype=pl.Int32)).to_list() == []
