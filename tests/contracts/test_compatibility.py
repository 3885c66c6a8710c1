"""Changes of a contract: what is called compatible loses no caller, and what is called breaking loses one that is shown."""

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st
from polars import col

from interlock.contracts.compatibility import Change, compatible
from interlock.contracts.exported import exported
from interlock.features import door
from interlock.usecase import table_of
from tests.contracts.made import Everything, rows
from tests.contracts.revised import MOMENT, Schema, contract, field, listed, revisions

INT, TEXT = field("Int64"), field("String")
LESS = col("x") < col("y")
BREAKING: dict[str, tuple[Schema, Schema, str, Schema]] = {
    "added": (contract(x=INT), contract(x=INT, y=INT), "y", {"x": 1}),
    "removed": (contract(closed=True, x=INT, y=INT), contract(closed=True, x=INT), "y", {"x": 1, "y": 1}),
    "closed": (contract(x=INT), contract(closed=True, x=INT), "", {"x": 1, "z": 1}),
    "required": (contract(optional=("x",), x=INT), contract(x=INT), "x", {}),
    "null refused": (contract(x=field("Int64", null=True)), contract(x=INT), "x", {"x": None}),
    "type": (contract(x=field("Float64")), contract(x=INT), "x", {"x": 1.5}),
    "lower bound narrowed": (contract(x=INT), contract(x=field("Int64", exclusiveMinimum=3)), "x", {"x": 3}),
    "upper bound narrowed": (contract(x=INT), contract(x=field("Int64", maximum=127)), "x", {"x": 128}),
    "least length narrowed": (contract(x=TEXT), contract(x=field("String", minLength=1)), "x", {"x": ""}),
    "greatest length narrowed": (contract(x=TEXT), contract(x=field("String", maxLength=2)), "x", {"x": "abc"}),
    "values narrowed": (contract(x=field("String", enum=["a", "b"])), contract(x=field("String", enum=["a", "c"])), "x", {"x": "b"}),
    "pattern added": (contract(x=TEXT), contract(x=field("String", allOf=[{"pattern": "^a"}])), "x", {"x": "b"}),
    "rule added": (contract(x=INT, y=INT), contract(x=INT, y=INT, stated=[LESS]), "x, y", {"x": 1, "y": 1}),
}  # fmt: skip
ALSO: list[tuple[str, Schema, Schema, str, Schema]] = [
    ("type", contract(x=TEXT), contract(x=field("Date")), "x", {"x": "b"}),
    ("type", contract(x=field("Date")), contract(x=field(MOMENT)), "x", {"x": "2013-01-01"}),
    ("type", contract(x=field(MOMENT)), contract(x=field("Datetime[ms,UTC]")), "x", {"x": "2013-01-01T00:00:00.0001Z"}),
    ("type", contract(x=field("Boolean")), contract(x=INT), "x", {"x": True}),
    ("values narrowed", contract(x=TEXT), contract(x=field("String", enum=["a"])), "x", {"x": "b"}),
    ("values narrowed", contract(x=INT), contract(x=field("Int64", not_={"enum": [1]})), "x", {"x": 1}),
    ("lower bound narrowed", contract(x=field("Int64", minimum=3)), contract(x=field("Int64", exclusiveMinimum=3)), "x", {"x": 3}),
    ("lower bound narrowed", contract(x=field(MOMENT)), contract(x=field(MOMENT, own={"minimum": "2013-01-01T00:00:00Z"})), "x", {"x": "2012-12-31T00:00:00Z"}),
    ("upper bound narrowed", contract(x=field(MOMENT, own={"maximum": "2013-01-01T00:00:00.5Z"})), contract(x=field(MOMENT, own={"maximum": "2013-01-01T00:00:00Z"})), "x", {"x": "2013-01-01T00:00:00.1Z"}),
    ("rule added", contract(x=INT, y=INT, stated=[LESS]), contract(x=INT, y=INT, stated=[col("x") + 1 < col("y")]), "x, y", {"x": 1, "y": 2}),
    ("rule added", contract(x=field("Int8"), stated=[(col("x") + 1) > 0]), contract(x=INT, stated=[(col("x") + 1) < 0]), "x", {"x": 1}),
    ("pattern added", contract(x=TEXT), contract(x=field("String", own={"allOf": [{"pattern": r"\d"}]})), "x", {"x": "b"}),
]  # fmt: skip
CASES = [(name, *case) for name, case in BREAKING.items()] + ALSO
KINDS = {
    "added", "removed", "closed", "opened", "required", "optional", "null allowed", "null refused", "type", "stored as", "pattern added",
    "pattern removed", "rule added", "rule removed", "values narrowed", "values widened",
    *(f"{which} {how}" for which in ("lower bound", "upper bound", "least length", "greatest length") for how in ("narrowed", "widened")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_breaking_change_has_a_row_that_proves_it(case: tuple[str, Schema, Schema, str, Schema]) -> None:
    """The row keeps the old contract and not the new one, and the change is the one that is told."""
    name, old, new, where, row = case
    assert [(change.kind, change.field) for change in compatible(old, new) if change.breaks] == [(name, where)]
    assert door.held(old).rows([row]).errors == []
    assert door.held(new).rows([row]).errors != []


def test_every_kind_that_can_break_is_proven_above() -> None:
    """What only widens has no such row."""
    widens = {kind for kind in KINDS if kind.endswith("widened")}
    assert BREAKING.keys() == KINDS - widens - {"opened", "optional", "null allowed", "stored as", "pattern removed", "rule removed"}


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (contract(closed=True, x=INT), contract(closed=True, optional=("y",), x=INT, y=INT), "added"),
        (contract(x=INT, y=INT), contract(x=INT), "removed"),
        (contract(closed=True, x=INT), contract(x=INT), "opened"),
        (contract(x=INT), contract(optional=("x",), x=INT), "optional"),
        (contract(x=INT), contract(x=field("Int64", null=True)), "null allowed"),
        (contract(x=field("Int64", minimum=3)), contract(x=field("Int64", minimum=2.5)), "lower bound widened"),
        (contract(x=field("String", enum=["a"])), contract(x=field("String", enum=["b", "a"])), "values widened"),
        (contract(x=field("Int64", enum=[1])), contract(x=INT), "values widened"),
        (contract(x=field("Int64", not_={"enum": [1, 2]})), contract(x=field("Int64", not_={"enum": [2]})), "values widened"),
        (contract(x=field("String", allOf=[{"pattern": "^a"}])), contract(x=TEXT), "pattern removed"),
        (contract(x=INT, y=INT, stated=[LESS]), contract(x=INT, y=INT), "rule removed"),
    ],
)
def test_what_widens_is_told_and_breaks_nothing(old: Schema, new: Schema, kind: str) -> None:
    """Each of these is one change, by its kind."""
    assert [(change.kind, change.breaks) for change in compatible(old, new)] == [(kind, False)]


def test_whole_numbers_may_become_wider_numbers() -> None:
    """Another column type for the same numbers is told; what the narrower one did not hold is now allowed."""
    changes = compatible(contract(x=field("Int8")), contract(x=field("Float64")))
    assert {change.kind for change in changes} == {"stored as", "lower bound widened", "upper bound widened"}
    assert not any(change.breaks for change in changes)


def test_a_contract_is_compatible_with_itself_and_the_worst_change_comes_first() -> None:
    """No change at all; and of several the breaking ones lead, in words that name the field."""
    everything = exported(table_of(Everything))
    assert compatible(everything, everything) == []
    changes = compatible(contract(x=INT, y=TEXT), contract(x=field("Int64", minimum=1), z=field("Int64", null=True)))
    assert changes[0] == Change("added", "z", "z is new, and required", breaks=True)
    assert [change.breaks for change in changes] == [True, True, False]
    assert changes[1].words == "x: the lower bound was -9223372036854775808, and is 1"


def test_a_rule_over_a_column_of_another_type_is_another_rule() -> None:
    """The same expression over a wider column may say something else: it is told, and breaks."""
    changes = compatible(contract(x=field("Int8"), stated=[col("x") + 1 > 0]), contract(x=INT, stated=[col("x") + 1 > 0]))
    assert [change.kind for change in changes if change.breaks] == ["rule added"]


@given(listed())
def test_lists_and_rules_are_judged_as_every_value_is(revision: tuple[Schema, Schema]) -> None:
    """Over all values that a small contract could tell apart: none is refused anew without a change that breaks."""
    old, new = revision
    all_rows = [{"x": x, "y": y} for x in (None, *range(-2, 4)) for y in (None, *range(-2, 4))]
    kept = [all_rows[i] for i in door.held(old).rows(all_rows).numbers]
    lost = door.held(new).rows(kept).errors
    breaks = any(change.breaks for change in compatible(old, new))
    event(f"lost: {bool(lost)}, breaks: {breaks}")
    assert breaks or not lost


@given(revisions(), st.data())
def test_a_row_of_an_old_caller_is_taken_wherever_no_change_breaks(revision: tuple[Schema, Schema], data: st.DataObject) -> None:
    """Whatever the two contracts: with no breaking change, every row that keeps the old one keeps the new one."""
    old, new = revision
    changes = compatible(old, new)
    assert {change.kind for change in changes} <= KINDS
    assume(not any(change.breaks for change in changes))
    others = st.dictionaries(st.sampled_from(["else", "ü"]), st.integers(), max_size=1 if old["additionalProperties"] else 0)
    made = st.builds(lambda row, more: row | more, rows(old, hostile=False) | rows(new, hostile=False), others)
    batch = data.draw(st.lists(made, min_size=6, max_size=16))
    later = new["properties"].keys() - old["properties"].keys()
    kept = [batch[i] for i in door.held(old).rows(batch).numbers if not later & batch[i].keys()]
    event(f"rows kept: {min(len(kept), 3)}, changes: {min(len(changes), 2)}")
    assert door.held(new).rows(kept).errors == []
