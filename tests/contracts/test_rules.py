"""Each kind of check, against Pandera on frames that Hypothesis makes."""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.contracts.check import check
from interlock.contracts.reader import read
from interlock.contracts.rules import CHECKS
from interlock.usecase import Utc, source, table_of
from tests.examples import fewer

INTEGERS = st.integers(-128, 127)
FLOATS = st.floats(-2, 2, width=32) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0])
TEXTS = st.text(alphabet="abé𝄞\n", max_size=4)
MOMENTS = st.datetimes(datetime(2012, 12, 30), datetime(2013, 1, 3), timezones=st.just(UTC))
NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC)
KINDS: dict[str, list[tuple[Any, dict[str, Any], st.SearchStrategy[Any]]]] = {
    "equal_to": [(pl.Int8, {"eq": 3}, INTEGERS), (bool, {"eq": True}, st.booleans()), (float, {"eq": 1}, FLOATS)],
    "not_equal_to": [(pl.Int8, {"ne": 3}, st.integers(1, 5)), (str, {"ne": "a"}, TEXTS), (float, {"ne": 0}, FLOATS)],
    "greater_than": [(pl.Int8, {"gt": 3}, INTEGERS), (float, {"gt": 0}, FLOATS), (pl.Int8, {"gt": 300}, INTEGERS)],
    "greater_than_or_equal_to": [(float, {"ge": 1}, FLOATS), (Utc, {"ge": NEW_YEAR}, MOMENTS), (pl.Float32, {"ge": 0.1}, FLOATS)],
    "less_than": [(float, {"lt": 0.5}, FLOATS), (pl.Date, {"lt": date(2013, 1, 1)}, st.dates(date(2012, 1, 1), date(2014, 1, 1)))],
    "less_than_or_equal_to": [(pl.Int8, {"le": -1.5}, INTEGERS), (float, {"le": 0}, FLOATS), (Utc, {"le": NEW_YEAR}, MOMENTS)],
    "in_range": [
        (float, {"in_range": {"min_value": -1, "max_value": 1}}, FLOATS),
        (float, {"in_range": {"min_value": 0, "max_value": 1, "include_min": False, "include_max": False}}, FLOATS),
    ],
    "isin": [(str, {"isin": ["a", "ab"]}, TEXTS), (pl.Int8, {"isin": [1, 300]}, INTEGERS), (str, {"isin": []}, TEXTS)],
    "notin": [(str, {"notin": ["", "b"]}, TEXTS), (pl.Int8, {"notin": [0, 1]}, st.integers(-1, 2))],
    "str_length": [
        (str, {"str_length": {"min_value": 2, "max_value": 2}}, TEXTS),
        (str, {"str_length": {"min_value": 1}}, TEXTS),
        (str, {"str_length": {"max_value": 3}}, TEXTS),
        (str, {"str_length": {"exact_value": 2}}, TEXTS),
    ],
    "str_matches": [(str, {"str_matches": "[ab]+$"}, TEXTS), (str, {"str_matches": "^é?a"}, TEXTS)],
    "str_contains": [(str, {"str_contains": "a.b|é"}, TEXTS)],
    "str_startswith": [(str, {"str_startswith": "a"}, TEXTS)],
    "str_endswith": [(str, {"str_endswith": "𝄞"}, TEXTS)],
}
CASES = [pytest.param(kind, *case, id=f"{kind}-{number}") for kind, cases in KINDS.items() for number, case in enumerate(cases)]


def test_kinds_cover_every_check() -> None:
    """Every check that a contract may use is compared with Pandera here."""
    assert set(KINDS) == set(CHECKS)


@pytest.mark.parametrize(("kind", "dtype", "declared", "values"), CASES)
@settings(max_examples=fewer(4), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_check_finds_the_rows_that_pandera_finds(
    *,
    data: st.DataObject,
    pandera_says: Callable[..., set[Any]],
    kind: str,
    dtype: Any,
    declared: dict[str, Any],
    values: st.SearchStrategy[Any],
) -> None:
    """A rule breaks for the rows that Pandera names, under its name, nulls included; and for NaN in a range, which Pandera lets pass."""
    nullable, ignore_na = data.draw(st.booleans()), data.draw(st.booleans())
    model = source()(_model(dtype, declared, nullable=nullable, ignore_na=ignore_na))
    frame = pl.DataFrame({"x": data.draw(st.lists(values | st.none(), max_size=12))}, schema={"x": table_of(model).types["x"]})
    expected = pandera_says(model, frame)
    contract = read(table_of(model))
    if kind in {"greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to", "in_range"}:
        name = contract.rules[-1].name
        expected |= {(name, "x", row) for row, value in enumerate(frame["x"]) if isinstance(value, float) and math.isnan(value)}
    numbered = frame.with_row_index("source_row").cast({"source_row": pl.Int64})
    found = check(contract, numbered.lazy())
    assert set(found.ledger.select("rule", "column", "source_row").iter_rows()) == expected
    assert len(found.ledger) == len(expected) == sum(seen.rows for seen in found.seen)


@given(st.lists(TEXTS, max_size=12))
def test_str_matches_means_what_re_match_means(texts: list[str]) -> None:
    """Each alternative of a pattern is held to the start of the text, as Pandera documents and `re.match` does."""
    model = source()(_model(str, {"str_matches": "ab|é"}, nullable=False, ignore_na=True))
    frame = pl.DataFrame({"x": texts, "source_row": range(len(texts))}, schema={"x": pl.String, "source_row": pl.Int64})
    found = check(read(table_of(model)), frame.lazy())
    assert found.ledger["source_row"].to_list() == [row for row, text in enumerate(texts) if not re.match("ab|é", text)]


def _model(dtype: Any, declared: dict[str, Any], *, nullable: bool, ignore_na: bool) -> type[pa.DataFrameModel]:
    field = pa.Field(**declared, nullable=nullable, ignore_na=ignore_na)
    return type("Things", (pa.DataFrameModel,), {"__annotations__": {"x": dtype}, "x": field, "__module__": __name__})
