"""A micro-batch at the door: each fault costs its row alone, is told by field, and nothing hostile gets through or out."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.contracts import microbatch
from interlock.contracts.answers import Error
from interlock.contracts.exported import exported
from interlock.contracts.fields import UNKNOWN
from interlock.contracts.kinds import LONGEST_TEXT
from interlock.contracts.microbatch import Checker
from interlock.errors import ContractError
from interlock.usecase import table_of
from tests.contracts.made import ANYTHING, rows
from tests.examples import fewer

GOOD = {
    "flight_id": "2013-1-1-UA-1545-EWR", "as_of": "2013-01-01T08:15:00Z", "carrier": "UA", "flight": 1545, "tailnum": None,
    "origin": "EWR", "dest": "IAH", "distance": 1400, "departs": "2013-01-01T05:15:00-05:00", "arrives": None,
}  # fmt: skip
MOMENT = "a moment as 2013-01-31T14:05:00Z"
FAULTS: dict[str, tuple[str, Any, str, str, str]] = {
    "text for a number": ("distance", "7", "type", "'7'", "a whole number"),
    "a number for text": ("dest", 7, "type", "7", "text"),
    "true for a number": ("flight", True, "type", "true", "a whole number"),
    "a part of a whole": ("flight", 1.5, "type", "1.5", "a whole number"),
    "not a number": ("distance", float("nan"), "type", "nan", "a whole number"),
    "infinity": ("distance", float("inf"), "type", "inf", "a whole number"),
    "beyond the type": ("flight", 2**31, "maximum", "2147483648", "at most 2147483647"),
    "beyond all types": ("flight", 10**400, "maximum", "a whole number of 1329 bits", "at most 2147483647"),
    "beyond the bound": ("distance", 6001, "maximum", "6001", "at most 6000"),
    "far beyond the bound": ("distance", -(10**30), "minimum", "-1000000000000000000000000000000", "at least 10"),
    "not in the list": ("origin", "XXX", "enum", "'XXX'", "one of EWR, JFK, LGA"),
    "null": ("carrier", None, "type", "null", "a value"),
    "no such day": ("as_of", "2013-02-29T08:15:00Z", "format", "'2013-02-29T08:15:00Z'", f"{MOMENT}, of the calendar"),
    "no offset": ("as_of", "2013-02-01T08:15:00", "pattern", "'2013-02-01T08:15:00'", MOMENT),
    "seconds since": ("arrives", 1356998400, "type", "1356998400", MOMENT),
    "finer than the column": ("as_of", "2013-02-01T08:15:00.1234567Z", "pattern", "'2013-02-01T08:15:00.1234567Z'", MOMENT),
    "a line more": ("as_of", "2013-02-01T08:15:00Z\n", "pattern", r"'2013-02-01T08:15:00Z\n'", MOMENT),
    "an array": ("tailnum", [[1], 2], "type", "an array of 2", "text"),
    "an object": ("tailnum", {"$ne": 1}, "type", "an object of 1", "text"),
    "half a pair": ("tailnum", "\ud800", "type", r"'\ud800'", "text without half a surrogate pair"),
    "a million characters": ("tailnum", "x" * 10**6, "maxLength", f"{'x' * 80!r}… (1,000,000 characters)", "at most 65536 characters"),
}


@pytest.fixture(scope="session")
def asked(flights_schema: ModuleType) -> Checker:
    """What checks requests of the flights."""
    return Checker(exported(table_of(flights_schema.Request)))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_costs_its_row_and_is_told_by_field(asked: Checker, name: str) -> None:
    """Field, keyword, the value as found and what was expected; the rows beside it come out typed, from objects and from a body."""
    field, value, rule, found, expected = FAULTS[name]
    batch = [GOOD, {**GOOD, field: value}, GOOD]
    checked = asked.rows(batch)
    assert checked.errors == [Error(1, field, rule, found, expected)]
    assert checked.numbers.to_list() == [0, 2]
    assert checked.rows.equals(asked.rows([GOOD, GOOD]).rows)
    body = asked.body(json.dumps(batch).encode())
    assert [error[:3] for error in body.errors] == [(1, field, rule)]
    assert body.rows.equals(checked.rows)


def test_what_a_good_row_says_comes_out_typed(asked: Checker) -> None:
    """Moments in UTC whatever their offset, a whole number written with a point, null where it is allowed."""
    row = asked.rows([{**GOOD, "distance": 1400.0}]).rows.row(0, named=True)
    assert [str(row[name]) for name in ("departs", "distance", "arrives")] == ["2013-01-01 10:15:00+00:00", "1400", "None"]


@pytest.mark.parametrize("row", [None, [], "x", 1, [GOOD], True])
def test_a_row_that_is_no_object_is_one_error(asked: Checker, row: Any) -> None:
    """Not one for each field that it lacks."""
    checked = asked.rows([row, GOOD])
    assert [(error.row, error.field, error.expected) for error in checked.errors] == [(0, "", "an object")]
    assert checked.numbers.to_list() == [1]


def test_a_missing_field_is_told_apart_from_null(asked: Checker) -> None:
    """A required field must be there, also where it may be null."""
    (missing,) = asked.rows([{name: value for name, value in GOOD.items() if name != "tailnum"}]).errors
    assert (missing.rule, missing.value) == ("required", "missing")


def test_fields_that_the_contract_does_not_name_are_told_or_refused(asked: Checker) -> None:
    """Open, they are ignored and told; closed, each is an error that names the nearest field. Of very many some are told."""
    row = {**GOOD, "tailnun": 1, "\x1b[31m": 2, "a\u202eb" * 100: 3}
    checked = asked.rows([row])
    assert (checked.errors, checked.unknown[:2]) == ([], ("tailnun", "\\x1b[31m"))
    closed = Checker({**asked.schema, "additionalProperties": False})
    errors = closed.rows([row, GOOD]).errors
    assert [(error.row, error.rule) for error in errors] == [(0, "additionalProperties")] * 3
    assert errors[0].expected == "no such field, perhaps tailnum"
    many = {**GOOD, **{f"x{i}": i for i in range(100_000)}}
    assert len(closed.rows([many]).errors) == UNKNOWN


BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON"),
    "cut off": (b'[{"a": 1}', "not JSON"),
    "two": (b"[] []", "not JSON"),
    "an object": (b"{}", "an array of rows"),
    "text": (b'"x"', "an array of rows"),
    "deep": (b"[" * 10**6, "nested too deeply"),
    "deep and whole": (b'[{"a":' + b"[" * 10**5 + b"]" * 10**5 + b"}]", "nested too deeply"),
    "too many": (b"[" + b"0," * 10_000 + b"0]", "10,001 rows"),
    "too long": (b" " * (microbatch.LONGEST_BODY + 1), "8,388,609 bytes"),
    "another encoding": ("[{}]".encode("utf-16"), "not JSON"),
    "a control character": (b'["a\x01"]', "not JSON"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_batch_is_refused_whole(asked: Checker, name: str) -> None:
    """With one error of the tree, in few words, whatever its size."""
    body, said = BODIES[name]
    with pytest.raises(ContractError, match=said) as refused:
        asked.body(body)
    assert len(str(refused.value)) < 300


def test_what_json_says_and_nothing_can_hold_costs_its_row_alone(asked: Checker) -> None:
    """Numbers of any length, halves of surrogate pairs, bytes that are no UTF-8, NaN: the other rows are checked all the same."""
    text = json.dumps(GOOD)
    bad = ['"flight": 1e400', f'"flight": 1{"0" * 100_000}', '"flight": NaN', '"flight": -Infinity', r'"tailnum": "\udc80"']
    body = ",".join([text, *(f"{text[:-1]}, {fault}}}" for fault in bad)]).encode() + b"," + text.replace("UA", "\x7f").encode("latin-1")
    checked = asked.body(b"[" + body.replace(b'"\x7f"', b'"\xff"') + b"]")
    assert checked.numbers.to_list() == [0]
    found = {error.row: (error.field, error.value) for error in checked.errors if error.field != "flight_id"}
    assert found[1] == ("flight", "1e400")
    assert found[2] == ("flight", f"1{'0' * 79}…")
    assert [found[row] for row in (3, 4, 5)] == [("flight", "NaN"), ("flight", "-Infinity"), ("tailnum", r"'\udc80'")]
    assert found[6][0] == "carrier"


def test_of_a_name_given_twice_the_last_value_counts(asked: Checker) -> None:
    """What is checked is what is used: a bad first value is as if it had not been sent, and a bad last one is refused."""
    text = json.dumps(GOOD)[:-1]
    assert asked.body(f'[{text}, "distance": -1, "distance": 20}}]'.encode()).rows["distance"].to_list() == [20]
    assert [error.field for error in asked.body(f'[{text}, "distance": -1}}]'.encode()).errors] == ["distance"]


@given(
    st.lists(ANYTHING | st.recursive(ANYTHING, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), max_size=5), st.data()
)
def test_any_json_gets_an_answer(asked: Checker, batch: list[Any], data: st.DataObject) -> None:
    """Errors are as many as rows that are out, each row is in or out, and no text in an error is long or controls a terminal."""
    batch = [*batch, *data.draw(st.lists(rows(dict(asked.schema)), max_size=3))]
    checked = asked.rows(batch)
    assert {error.row for error in checked.errors} | set(checked.numbers) == set(range(len(batch)))
    assert not {error.row for error in checked.errors} & set(checked.numbers)
    assert all(text.isprintable() and len(text) < 400 for error in checked.errors for text in (error.value, error.field, error.expected))


@settings(max_examples=fewer(2))
@given(st.data())
def test_rows_do_not_depend_on_each_other(asked: Checker, data: st.DataObject) -> None:
    """In a batch a row has the errors that it has alone."""
    batch = data.draw(st.lists(rows(dict(asked.schema)), min_size=1, max_size=6))
    alone = [error._replace(row=i) for i, row in enumerate(batch) for error in asked.rows([row]).errors]
    assert asked.rows(batch).errors == alone


def test_one_bound_of_text_holds_at_both_doors(asked: Checker) -> None:
    """A typed frame with a text of 65,537 characters is refused for it as JSON is, in the same words; one less is taken."""
    for letters in (LONGEST_TEXT, LONGEST_TEXT + 1):
        text = "é" * letters
        frame = asked.rows([GOOD, GOOD]).rows.with_columns(tailnum=pl.Series(["N1", text]))
        found, read = asked.frame(frame), asked.rows([GOOD, {**GOOD, "tailnum": text}])
        assert [(error.row, error.field, error.rule) for error in found.errors] == [(1, "tailnum", "maxLength")][: letters - LONGEST_TEXT]
        assert found.errors == [error._replace(expected=f"at most {LONGEST_TEXT} characters") for error in read.errors]


SHAPES: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], str]] = {
    "missing": (lambda frame: frame.drop("dest"), "the rows have no column dest"),
    "type": (lambda frame: frame.cast({"distance": pl.Int64}), "distance is Int64, declared is Int32"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_frame_of_another_shape_is_refused_whole(asked: Checker, name: str) -> None:
    """Types of a frame are of all its rows; a column that a closed contract does not name is refused, and else stays."""
    change, said = SHAPES[name]
    frame = asked.rows([GOOD]).rows
    with pytest.raises(ContractError, match=said):
        asked.frame(change(frame))
    more = frame.with_columns(more=1)
    assert asked.frame(more).rows.equals(more)
    with pytest.raises(ContractError, match="column more is not in the contract"):
        Checker({**asked.schema, "additionalProperties": False}).frame(more)
