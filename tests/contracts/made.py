"""A model with every kind of check and of column, and rows for any exported contract: good, bad, and just beside the bounds."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandera.polars as pa
import polars as pl
from hypothesis import strategies as st

from interlock.usecase import Utc, request

OWN = "x-interlock"
NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC)


@request(by="text", as_of=None)
class Everything(pa.DataFrameModel):
    """One of each."""

    text: str
    small: pl.Int8 = pa.Field(ge=-5, lt=100)
    whole: int = pa.Field(gt=-10, le=10, nullable=True)
    natural: pl.UInt64
    three: int = pa.Field(eq=3)
    not_three: int = pa.Field(ne=3, nullable=True)
    part: float = pa.Field(in_range={"min_value": 0, "max_value": 1, "include_min": False, "include_max": True}, nullable=True)
    number: float = pa.Field(ge=-1.5, isin=[-1.5, 0.0, 2.0])
    single: pl.Float32 = pa.Field(nullable=True)
    kind: str = pa.Field(isin=["a", "ü", ""], nullable=True)
    unlike: str = pa.Field(notin=["a", "b"], ne="c")
    code: str = pa.Field(str_matches=r"^[A-C]{1,2}[0-9]*$")
    name: str = pa.Field(str_length={"min_value": 1, "max_value": 3}, nullable=True)
    exact: str = pa.Field(str_length=2)
    holds: str = pa.Field(str_contains="a+b|c", str_startswith="a.", nullable=True)
    ends: str = pa.Field(str_endswith="$")
    digits: str = pa.Field(str_matches=r"\d+")  # other digits to each dialect
    flag: bool = pa.Field(nullable=True)
    at: Utc = pa.Field(ge=NEW_YEAR, nullable=True)
    day: pl.Date = pa.Field(isin=[date(2013, 1, 1), date(2012, 2, 29)])
    clock: pl.Time = pa.Field(lt=time(12), nullable=True)
    local: pl.Datetime("us") = pa.Field(nullable=True)  # type: ignore[valid-type] # Pandera reads a type with its unit
    length: pl.Duration("ms") = pa.Field(le=timedelta(days=1), nullable=True)  # type: ignore[valid-type] # as above
    spare: str | None = pa.Field(isin=["a"])


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
NEAR = ["a", "b", "c", "", "ü", "ab", "a.b", "a.c", "a.", "x$", "$", "A1", "BC", "ABC", "A1\n", "1", "٣", "EWR", "JFK", "N14228", "😀😀"]
CLOCKS = ["00:00:00", "23:59:59.999999", "11:59:59.5", "12:00:00", "24:00:00", "1:00:00", "05:00:60"]
DAYS = ["2013-01-01", "2012-02-29", "2013-04-31", "0999-01-01", "9000-01-01", "2013-13-01", "2013-1-1"]
ZONES = ["Z", "+05:30", "-23:59", "+24:00", "", "z", " UTC"]
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(2**62, 2**70), st.just(10**400), st.floats(allow_nan=False, allow_infinity=False),
    TEXTS, st.lists(st.integers(), max_size=2), st.dictionaries(TEXTS, st.none(), max_size=1),
)  # fmt: skip


def around(said: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a field that keep it, or just do not."""
    bounds = [said[key] for key in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum") if key in said]
    kinds = said["type"] if isinstance(said["type"], list) else [said["type"]]
    listed = st.sampled_from(said["enum"]) if "enum" in said else st.nothing()
    numbers = [bound + step for bound in bounds if abs(bound) < 1e300 for step in (-1, 0, 1)] or [0]
    if "integer" in kinds:
        return listed | st.sampled_from(numbers) | st.integers(-12, 12) | st.sampled_from([3, 3.0, 2.5])
    if "number" in kinds:
        return listed | st.sampled_from(numbers) | st.floats(-2, 2) | st.integers(-2, 3)
    if "boolean" in kinds:
        return st.booleans()
    if "pattern" in said:
        return moments() | st.just("2013-01-31T14:05:00Z" if "format" in said else "2013-01-31T14:05:00")
    return listed | st.sampled_from(NEAR) | TEXTS


def moments() -> st.SearchStrategy[str]:
    """Moments, days and times of day as text, some of them wrong."""
    days, clocks, zones = (
        st.sampled_from(DAYS[:2]) | st.sampled_from(DAYS),
        st.sampled_from(CLOCKS[:3]) | st.sampled_from(CLOCKS),
        st.sampled_from(ZONES),
    )
    whole = st.builds("{}T{}{}".format, days, clocks, zones | st.sampled_from(["Z", ""]))
    return st.one_of(whole, days, clocks, st.just("2012-12-31T23:59:59Z"), st.just("2012-12-31T23:30:00-05:30"))


def good(said: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values most of which keep a field."""
    likely = st.sampled_from(said["enum"]) if "enum" in said else around(said)
    return likely if not isinstance(said["type"], list) else likely | st.none()


def rows(schema: dict[str, Any], *, hostile: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Rows for an exported contract; `hostile`: some values of any type, fields that are missing, and others besides."""
    fields = schema["properties"]
    values = {name: good(said) for name, said in fields.items()}
    if not hostile:
        optional = {name: value for name, value in values.items() if name not in schema["required"]}
        return st.fixed_dictionaries({name: values[name] for name in schema["required"]}, optional=optional)

    @st.composite
    def some(draw: st.DrawFn) -> dict[str, Any]:
        row = {name: draw(value) for name, value in values.items()}
        for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=3)):
            row[name] = draw(ANYTHING | around(fields[name]))
        for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=1)):
            row.pop(name)
        return row | draw(st.dictionaries(st.sampled_from(["else", "Text", "ü"]), ANYTHING, max_size=1))

    return some()
