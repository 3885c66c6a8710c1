"""How columns are distributed, how far two distributions are apart, and the file of what was accepted."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.contracts import accepted
from interlock.contracts.profile import BINS, Column, Profile, column, distance, profile, shares
from interlock.errors import ArtifactError
from interlock.files import read_json, write_json
from tests.examples import fewer

FLOATS = st.lists(st.floats() | st.none(), max_size=60)
INTEGERS = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5) | st.none(), max_size=60)
TEXTS = st.lists(st.sampled_from(["a", "b", "é", ""]) | st.none(), max_size=120)


@given(FLOATS, FLOATS)
def test_every_number_is_in_one_bin(values: list[float | None], others: list[float | None]) -> None:
    """Counted one by one in plain Python: below the first edge or on it, and so on; NaN is no value; also over another's bins."""
    accepted_one = column(pl.Series(values, dtype=pl.Float64))
    for rows, found in ((values, accepted_one), (others, column(pl.Series(others, dtype=pl.Float64), accepted_one))):
        known = [value for value in rows if value is not None and not math.isnan(value)]
        edges = found.edges or []
        assert edges == accepted_one.edges
        assert edges == sorted(set(edges))
        assert len(found.counts) == len(edges) + 1 <= 2 * BINS
        counted = Counter(sum(value > edge for edge in edges) for value in known)
        assert found.counts == [counted[number] for number in range(len(edges) + 1)]
        assert found.nulls == len(rows) - len(known)


@given(INTEGERS)
def test_edges_of_integers_are_values_of_the_column(values: list[int | None]) -> None:
    """Exact also beyond what a float can hold; below a value that many rows share lies an edge, too."""
    often = [*values, *values]
    found = column(pl.Series(often, dtype=pl.Int64))
    counted = Counter(value for value in often if value is not None)
    heavy = {value for value, count in counted.items() if count > max(10, sum(counted.values()) / 10)}
    assert set(found.edges or []) <= {*counted, *(value - 1 for value in heavy)}
    assert heavy <= set(found.edges or [])
    assert found.rows == len(often)


@given(st.lists(st.integers(0, 10**6) | st.floats(0, 1e6), min_size=20, max_size=60, unique=True))
def test_no_value_of_one_row_is_an_edge(values: list[float]) -> None:
    """Salaries and numbers of people: where nearly every value is of one row, edges have two digits, and there are few rows to each none."""
    found = column(pl.Series(values, dtype=pl.Float64))
    assert all(edge == float(f"{edge:.2g}") for edge in found.edges or [])
    assert len(found.counts) <= len(values) // 10


@pytest.mark.parametrize("mass", [0.0, 5.25, -1 / 3, 7])
@settings(max_examples=fewer(2))
@given(st.lists(st.integers(-50, 50), min_size=100, max_size=200))
def test_a_value_of_many_rows_has_a_bin_of_its_own(mass: float, tail: list[int]) -> None:
    """However much of a column is one value, what is beside it is counted over quantiles of its own, on both sides."""
    others = [value + 0.5 if isinstance(mass, float) else 2 * value for value in tail]
    found = column(pl.Series([mass] * 2000 + others))
    counts = dict(zip([*(found.edges or []), math.inf], found.counts, strict=True))
    own = next(edge for edge in counts if edge >= mass)
    assert counts[own] == 2000 + others.count(mass)
    moved = column(pl.Series([mass] * 2000 + [value + 1000 for value in others]), found)
    assert distance(found, moved) == pytest.approx(
        sum(value != mass and value <= max(found.edges or []) for value in others) / (2000 + len(others))
    )


@given(TEXTS)
def test_only_what_many_rows_share_has_a_bin_of_its_own(values: list[str | None]) -> None:
    """A text of ten rows or more is named, one of fewer never: it may be about a person, and reports lie in git."""
    found = column(pl.Series(values, dtype=pl.String))
    counted = Counter(value for value in values if value is not None)
    assert found.labels == sorted(text for text, count in counted.items() if count >= 10)
    assert found.counts[:-1] == [counted[label] for label in found.labels or []]
    assert found.rows == len(values)


def test_at_most_so_many_bins() -> None:
    """A thousand texts that are equally frequent: nine of them and all others; a thousand numbers: ten bins."""
    many = column(pl.Series([str(n % 50) for n in range(5000)]))
    assert many.labels == sorted(sorted(map(str, range(50)))[: BINS - 1])
    assert len(many.counts) == BINS
    assert column(pl.Series([n // 2 for n in range(1000)])).counts == [100] * BINS


def test_booleans_and_moments() -> None:
    """A boolean is a text of two values; of moments only the nulls are told."""
    assert column(pl.Series([True] * 30 + [False] * 10 + [None])) == Column("Boolean", 1, [10, 30, 0], labels=["false", "true"])
    assert column(pl.Series([None, 1], dtype=pl.Datetime("us"))) == Column("Datetime(time_unit='us', time_zone=None)", 1, [1])


COUNTS = st.integers(1, 8).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 50), min_size=n, max_size=n)] * 3))


@given(COUNTS)
def test_the_distance_is_the_greatest_difference_over_all_sets_of_bins(counts: tuple[list[int], ...]) -> None:
    """Total variation by its definition, the supremum over events, here over every subset of bins; and it is a metric up to 1."""
    one, two, three = (Column("Int64", 1, each, edges=list(range(len(each) - 1))) for each in counts)
    p, q = shares(one), shares(two)
    events = range(2 ** len(p))
    greatest = max(abs(sum(a - b for n, (a, b) in enumerate(zip(p, q, strict=True)) if event >> n & 1)) for event in events)
    assert distance(one, two) == pytest.approx(greatest)
    assert distance(one, two) == distance(two, one)
    assert distance(one, one) == 0
    assert 0 <= distance(one, two) <= distance(one, three) + distance(three, two) + 1e-12 <= 2 + 1e-12
    assert distance(one, two) <= 1 + 1e-12


def test_a_column_of_another_type_is_not_counted_over_the_old_bins() -> None:
    """Texts cannot lie between numbers: bins of another type are left."""
    before = column(pl.Series([1.0, 2.0]))
    assert column(pl.Series(["a"] * 10), before).labels == ["a"]


def test_a_profile_is_the_same_however_the_frame_is_cut() -> None:
    """Order, chunks and threads change no count."""
    frame = pl.DataFrame({"x": [n * 7919 % 1000 / 7 for n in range(2000)], "t": [str(n % 7) for n in range(2000)]})
    cut = pl.concat([frame[1000:], frame[:1000]], rechunk=False)
    assert profile(frame.lazy(), ["x", "t", "gone"]) == profile(cut.lazy(), ["x", "t"])


def test_what_was_accepted_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edges have the digits that JSON keeps, so that counts over them are the same after a round trip; other worlds stay."""
    monkeypatch.chdir(tmp_path)
    values = pl.DataFrame({"x": [n / 3 for n in range(1000)]})
    told = profile(values.lazy(), ["x"])
    assert accepted.load("shop", "full") == {}
    assert accepted.save("shop", "full", {"orders": told})
    assert not accepted.save("shop", "full", {"orders": told})
    assert accepted.save("shop", "small", {"orders": Profile(0, {})})
    read = accepted.load("shop", "full")
    assert read == {"orders": told}
    assert profile(values.lazy(), ["x"], read["orders"]) == told
    assert list(read_json(accepted.place("shop"))) == ["full", "small"]


@pytest.mark.parametrize("content", [{"full": {"orders": {"rows": "many", "columns": {}}}}, [], {"full": {"orders": {"rows": 1}}}])
def test_a_damaged_file_of_what_was_accepted_is_named(content: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lies in git, where a merge may damage it: the error has its path and the way out."""
    monkeypatch.chdir(tmp_path)
    write_json(accepted.place("shop"), content)
    with pytest.raises(ArtifactError, match=r"(?s)data/accepted/shop.json is damaged: .*restore it from git"):
        accepted.load("shop", "full")
    accepted.place("shop").write_text("<<<<<<<")
    with pytest.raises(ArtifactError, match="is damaged"):
        accepted.load("shop", "full")


def test_keys_have_no_bins() -> None:
    """Numbers that say which row it is are counted as one, here and over what was accepted; their texts are named where many share one."""
    frame = pl.DataFrame({"id": [n // 2 for n in range(400)], "shop": ["a", "b"] * 200})
    told = profile(frame.lazy(), ["id", "shop"], plain={"id", "shop"})
    assert told.columns["id"] == Column("Int64", 0, [400])
    assert told.columns["shop"].labels == ["a", "b"]
    assert profile(frame.lazy(), ["id", "shop"], told) == told


def test_rows_that_came_are_counted_apart_from_those_in_use() -> None:
    """Rows set aside are none of a distribution, and came all the same."""
    told = profile(pl.LazyFrame({"x": [1, 2]}), ["x"], came=3)
    assert (told.rows, told.columns["x"].rows) == (3, 2)
