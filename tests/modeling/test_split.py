"""Which rows train, validate and test."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import ConfigError, ContractError
from interlock.modeling.split import ByGroup, ByRow, ByTime, Shares, Split, assign
from interlock.params import convert
from tests.examples import fewer

SPLIT = {
    "by": "time",
    "train_until": "2013-02-01T00:00:00Z",
    "validation_until": "2013-02-15T00:00:00-05:00",
    "test_until": "2013-03-01T00:00:00Z",
}
SHARES = {"train": 0.6, "validation": 0.1, "test": 0.3}
START = datetime(2013, 1, 1, tzinfo=UTC)
UTC_TIME = pl.Datetime("us", "UTC")
ENDS = [datetime(2013, 2, 1, tzinfo=UTC), datetime(2013, 2, 15, 5, tzinfo=UTC), datetime(2013, 3, 1, tzinfo=UTC)]
moments = st.integers(0, 70 * 24).map(lambda hours: START + timedelta(hours=hours)) | st.sampled_from(ENDS)


def split(found: dict[str, Any]) -> Any:
    return convert(found, Split, "usecase.split")  # type: ignore[arg-type] # a union is no type[T]


def named(rows: pl.DataFrame, by: Any, key: list[str], as_of: str | None) -> pl.Series:
    return assign(rows, by, key, as_of)["split"]


def timed(rows: list[tuple[datetime, datetime | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"as_of": UTC_TIME, "matured_at": UTC_TIME}, orient="row").with_row_index("id")


@given(st.lists(st.tuples(moments, st.none() | moments), min_size=1))
def test_a_row_belongs_to_the_period_that_it_was_asked_in_and_its_label_matured_in(rows: list[tuple[datetime, datetime | None]]) -> None:
    """By time, as by one row after the other: asked from the last end on, before this one, and matured by this one at the latest."""

    def expected(asked: datetime, matured: datetime | None) -> str | None:
        for name, start, end in zip(("train", "validation", "test"), [START, *ENDS], ENDS, strict=False):
            if start <= asked < end:
                return name if matured is not None and matured <= end else None
        return None

    assert named(timed(rows), split(SPLIT), ["as_of", "id"], "as_of").to_list() == [expected(*row) for row in rows]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"train_until": "2013-02-01T00:00:00"}, "train_until.*timezone"),
        ({"train_until": "2013-02-01"}, "train_until.*datetime"),
        ({"train_until": datetime(2013, 2, 1)}, "train_until.*timezone"),
        ({"train_until": "2013-02-20T00:00:00Z"}, "must increase"),
        ({"test_until": SPLIT["validation_until"]}, "must increase"),
        ({"by": "tme"}, "'tme'"),
        ({"shares": SHARES}, "shares"),
    ],
)
def test_a_split_by_time_that_means_nothing_is_refused(changes: dict[str, Any], said: str) -> None:
    """A time without a zone, periods out of order and keys of another split are refused, and named."""
    with pytest.raises(ConfigError, match=rf"usecase\.split.*{said}"):
        split({**SPLIT, **changes})


@pytest.mark.parametrize(
    "found",
    [
        {"by": "row", "salt": "a", "shares": {**SHARES, "test": 0.2}},
        {"by": "row", "salt": "a", "shares": {**SHARES, "validation": 0.0, "test": 0.4}},
        {"by": "row", "salt": "a" * 65, "shares": SHARES},
        {"by": "group", "salt": "a", "shares": SHARES},
    ],
)
def test_shares_that_are_not_the_whole_and_a_group_without_its_column_are_refused(found: dict[str, Any]) -> None:
    """Every split by hash has three parts that are one together."""
    with pytest.raises(ConfigError, match=r"usecase\.split"):
        split(found)


@settings(max_examples=fewer(2))
@given(st.lists(st.integers(0, 200), min_size=1), st.randoms(use_true_random=False))
def test_a_group_falls_into_one_split_wherever_its_rows_stand(groups: list[int], random: Any) -> None:
    """Equal values share a split, and neither order nor company changes it."""
    by = ByGroup(column="customer", shares=Shares(**SHARES), salt="s")
    frame = pl.DataFrame({"id": range(len(groups)), "customer": groups})
    found = dict(zip(groups, named(frame, by, ["id"], None), strict=True))
    random.shuffle(groups)
    half = pl.DataFrame({"id": range(len(groups)), "customer": groups}).head(len(groups) // 2 + 1)
    again = named(half, by, ["id"], None)
    assert [found[group] for group in half["customer"]] == again.to_list()


def test_hashed_shares_are_as_large_as_declared() -> None:
    """Of 20,000 rows each split gets its share, within four standard errors."""
    frame = pl.DataFrame({"id": range(20_000)})
    counts = dict(named(frame, ByRow(shares=Shares(**SHARES), salt="s"), ["id"], None).value_counts().iter_rows())
    assert all(abs(counts[name] / 20_000 - share) < 4 * (share * (1 - share) / 20_000) ** 0.5 for name, share in SHARES.items())


def test_a_split_needs_no_salt() -> None:
    """A split by hash without a salt is one with an empty one."""
    assert split({"by": "row", "shares": SHARES}) == ByRow(shares=Shares(**SHARES), salt="")
    assert split({"by": "group", "column": "a", "shares": SHARES}).salt == ""


def test_another_salt_draws_another_split() -> None:
    """The salt decides, and a missing group has a split too."""
    frame = pl.DataFrame({"id": range(1000), "customer": [None, *range(999)]})
    first, second = (named(frame, ByGroup(column="customer", shares=Shares(**SHARES), salt=salt), ["id"], None) for salt in ("a", "b"))
    assert 200 < (first != second).sum() < 800
    assert first.null_count() == second.null_count() == 0


def test_a_row_is_hashed_by_its_whole_key() -> None:
    """These rows fall where they fell when this was written: no version of a library may move a row to another split."""
    frame = pl.DataFrame(
        {"as_of": [START + timedelta(days=day) for day in range(4) for _ in range(3)], "id": list("abc") * 4},
        schema={"as_of": UTC_TIME, "id": pl.String},
    )
    found = named(frame, ByRow(shares=Shares(train=0.4, validation=0.3, test=0.3), salt="pinned"), ["as_of", "id"], "as_of")
    assert "".join(name[0] + name[1] for name in found) == "trtrtetrtetetrtrtevavava"


def test_what_a_split_needs_and_the_data_lack_is_named() -> None:
    """A column, an as_of or a time of maturity that is missing is named with the way out."""
    frame = timed([(START, START)])
    by_time = convert(SPLIT, ByTime, "usecase.split")
    with pytest.raises(ConfigError, match="no as_of"):
        named(frame, by_time, ["id"], None)
    with pytest.raises(ContractError, match=r"no matured_at(.|\n)*horizon"):
        named(frame.drop("matured_at"), by_time, ["as_of", "id"], "as_of")
    with pytest.raises(ConfigError, match=r"no column 'customer'(.|\n)*as_of"):
        named(frame, ByGroup(column="customer", shares=Shares(**SHARES), salt="s"), ["id"], None)
