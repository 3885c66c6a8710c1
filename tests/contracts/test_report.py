"""The verdict on a table as a whole, and what the report says of it."""

from collections.abc import Sequence
from dataclasses import replace

import pandera.polars as pa
import polars as pl
import pytest

from interlock.contracts.check import Checked, check
from interlock.contracts.reader import read
from interlock.contracts.report import findings, refuse, summary
from interlock.errors import ArtifactError, ContractError
from interlock.usecase import source, table_of


@source()
class Things(pa.DataFrameModel):
    size: int = pa.Field(ge=0)
    name: str = pa.Field(ne="?")


def _checked(sizes: Sequence[int | None], name: str = "a") -> tuple[pl.LazyFrame, Checked]:
    schema = {"size": pl.Int64, "name": pl.String, "source_row": pl.Int64}
    frame = pl.LazyFrame({"size": sizes, "name": [name] * len(sizes), "source_row": range(len(sizes))}, schema=schema)
    return frame, check(read(table_of(Things)), frame)


def test_one_row_in_twenty_may_be_set_aside_and_no_more() -> None:
    """At the tolerated share the run goes on, with one row more it does not, and says which rule took most."""
    assert list(findings("things", _checked([-1] + [1] * 19)[1])) == []
    assert list(findings("things", _checked([-1, None, -2] + [1] * 37)[1])) == [
        "things: 3 of 40 rows break a rule, 5% may; "
        "most of them greater_than_or_equal_to(0) on size: 2, as in source row 0 with -1"
    ]  # fmt: skip


def test_a_table_without_rows_is_unfit() -> None:
    """No rows break no rule, and are no table."""
    assert list(findings("things", _checked([])[1])) == ["things has no rows"]


def test_the_error_holds_the_three_most_important_findings() -> None:
    """Three findings, in their order, how many more there are, and what to do; without findings nothing happens."""
    refuse([], "schema.py")
    with pytest.raises(ContractError) as raised:
        refuse(["a", "b", "c", "d", "e"], "usecases/shop/schema.py")
    assert str(raised.value).splitlines() == [
        "the data break their contract",
        "  • a",
        "  • b",
        "  • c",
        "  • and 2 more",
        "  → mend the source, or say in usecases/shop/schema.py what is true of it, and run: make",
    ]


def test_the_summary_tells_what_each_rule_saw_with_examples() -> None:
    """Every rule of the contract is there with its count, and the first five rows that break it."""
    raw, checked = _checked([-1] * 7 + [1] * 200)
    told = summary("things", raw, checked, ["extra"])
    assert {key: told[key] for key in ("rows", "used", "quarantined", "unexpected")} == {
        "rows": 207,
        "used": 200,
        "quarantined": 7,
        "unexpected": ["extra"],
    }
    assert [(rule["rule"], rule["column"], rule["rows"]) for rule in told["rules"]] == [
        ("not_nullable", "size", 0),
        ("greater_than_or_equal_to(0)", "size", 7),
        ("not_nullable", "name", 0),
        ("not_equal_to(?)", "name", 0),
    ]
    assert told["rules"][1]["examples"] == [{"row": row, "value": "-1"} for row in range(5)]
    assert told["rules"][0]["examples"] == []


def test_an_example_is_cut_to_a_line() -> None:
    """A field of a million characters is told by its beginning."""

    @source()
    class Names(pa.DataFrameModel):
        name: str = pa.Field(str_length={"max_value": 9})

    frame = pl.LazyFrame({"name": ["x" * 1_000_000], "source_row": [0]})
    told = summary("names", frame, check(read(table_of(Names)), frame), [])
    assert told["rules"][1]["examples"] == [{"row": 0, "value": "x" * 80 + "…"}]


def test_rows_that_do_not_add_up_fail() -> None:
    """Two rows with one number: setting one aside would lose the other, so the stage stops."""
    frame = pl.LazyFrame({"size": [-1, 1, 1], "name": ["a", "a", "a"], "source_row": [0, 0, 1]})
    with pytest.raises(ArtifactError, match="things does not add up: of 3 rows 1 are used and 1 set aside"):
        summary("things", frame, check(read(table_of(Things)), frame), [])


def test_an_entry_lost_from_the_ledger_fails() -> None:
    """A row that breaks two rules and is in the ledger for one of them: the counts by rule notice."""
    frame, checked = _checked([-1] + [1] * 9, name="?")
    with pytest.raises(ArtifactError, match="for 11 broken rules the ledger has 10 entries"):
        summary("things", frame, replace(checked, ledger=checked.ledger[1:]), [])
