"""The verdict on a table as a whole, and what the report says of it."""

from collections.abc import Sequence
from dataclasses import replace

import pandera.polars as pa
import polars as pl
import pytest

from interlock.contracts.check import Checked, check
from interlock.contracts.findings import findings, ordered, refuse
from interlock.contracts.reader import read
from interlock.contracts.report import summary
from interlock.errors import ArtifactError, ContractError
from interlock.terms import severity
from interlock.usecase import source, table_of


@source()
class Things(pa.DataFrameModel):
    size: int = pa.Field(ge=0)
    name: str = pa.Field(ne="?")


def _checked(sizes: Sequence[int | None], name: str = "a") -> tuple[pl.LazyFrame, Checked]:
    schema = {"size": pl.Int64, "name": pl.String, "source_row": pl.Int64}
    frame = pl.LazyFrame({"size": sizes, "name": [name] * len(sizes), "source_row": range(len(sizes))}, schema=schema)
    return frame, check(read(table_of(Things)), frame)


def _found(sizes: Sequence[int | None], name: str = "a", model: type[pa.DataFrameModel] = Things) -> list[str]:
    contract = read(table_of(model))
    told = findings(contract, check(contract, _checked(sizes, name)[0]), [], "mend it")
    return [each["found"] for each in ordered(told)]


def test_one_row_in_twenty_may_be_set_aside_by_a_rule_and_no_more() -> None:
    """At the tolerated share the run goes on, with one row more it does not, and says which rule and which row."""
    assert _found([-1] + [1] * 19) == []
    assert _found([-1, None, -2] + [1] * 17) == [
        "things: 2 of 20 rows break greater_than_or_equal_to(0) on size (10 %, 5 % may), as in source row 0"
    ]


def test_rules_that_each_set_few_rows_aside_may_take_too_many_together() -> None:
    """Two rules that take one row in twenty each leave eighteen: the table is judged as a whole, too."""
    assert _found([-1, None] + [1] * 18) == ["things: 2 of 20 rows are set aside (10 %, 5 % may)"]


def test_what_a_rule_may_take_the_table_may_lose() -> None:
    """A rule with a greater share of its own says what is normal: the table is not held to one row in twenty then."""
    lenient = source(rules=[severity("size", "greater_than_or_equal_to", "quarantine", tolerate=0.5)])(_plain())
    assert _found([-1] * 5 + [1] * 5, model=lenient) == []
    assert len(_found([-1] * 6 + [1] * 4, model=lenient)) == 1


def _plain() -> type[pa.DataFrameModel]:
    class Things(pa.DataFrameModel):
        size: int = pa.Field(ge=0)
        name: str = pa.Field(ne="?")

    return Things


def test_the_worst_comes_first() -> None:
    """What fails comes before what warns, and among those the greater share of rows."""
    graded = source(rules=[severity("name", "not_equal_to", "warn"), severity("size", "not_nullable", "fail")])(_plain())
    told = findings(read(table_of(graded)), check(read(table_of(graded)), _checked([None, -1, -1, 1], name="?")[0]), [], "")
    assert [(each["severity"], each["rule"]) for each in ordered(told)] == [
        ("fail", "not_nullable"),
        ("fail", "greater_than_or_equal_to(0)"),
        ("warn", "not_equal_to(?)"),
    ]


def test_a_table_without_rows_is_unfit() -> None:
    """No rows break no rule, and are no table."""
    assert _found([]) == ["things has no rows"]


def test_the_error_holds_the_three_most_important_findings() -> None:
    """Three findings, in their order, how many more there are, and what to do; warnings alone stop nothing."""
    told = [{"severity": "fail", "found": found, "todo": "mend it"} for found in "abcde"]
    refuse([{"severity": "warn", "found": "a", "todo": "look"}])
    with pytest.raises(ContractError) as raised:
        refuse(told)
    assert str(raised.value).splitlines() == [
        "the data break their contract",
        "  • a",
        "  • b",
        "  • c",
        "  • and 2 more",
        "  → mend it",
    ]


def test_the_summary_tells_what_each_rule_saw_with_examples() -> None:
    """Every rule of the contract is there with its count, and the first five rows that break it."""
    raw, checked = _checked([-1] * 7 + [1] * 200)
    told = summary("things", raw, checked, [], ["extra"])
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
    assert told["rules"][1]["examples"] == [{"row": row} for row in range(5)]
    assert told["rules"][0]["examples"] == []


def test_rows_that_do_not_add_up_fail() -> None:
    """Two rows with one number: setting one aside would lose the other, so the stage stops."""
    frame = pl.LazyFrame({"size": [-1, 1, 1], "name": ["a", "a", "a"], "source_row": [0, 0, 1]})
    with pytest.raises(ArtifactError, match="things does not add up: of 3 rows 1 are used and 1 set aside"):
        summary("things", frame, check(read(table_of(Things)), frame), [], [])


def test_an_entry_lost_from_the_ledger_fails() -> None:
    """A row that breaks two rules and is in the ledger for one of them: the counts by rule notice."""
    frame, checked = _checked([-1] + [1] * 9, name="?")
    with pytest.raises(ArtifactError, match="for 11 broken rules the ledger has 10 entries"):
        summary("things", frame, replace(checked, ledger=checked.ledger[1:]), [], [])
