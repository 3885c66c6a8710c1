"""Reports of another form than those that the graph writes are told to be so, and nothing of them is read."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.reporting import declared, gated, shapes, tables, unpaired
from interlock.reporting.side import Side

ROOT = Path(__file__).parents[2]
FORMS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda each: (
        st.lists(each, max_size=2) | st.dictionaries(st.sampled_from(["name", "gates", "tables", "test", "global"]), each, max_size=3)
    ),
    max_leaves=6,
)


class Said(Side):
    """A side of which every report says the same; git is not asked."""

    def __init__(self, said: Any) -> None:
        super().__init__("a branch", "0" * 40)
        object.__setattr__(self, "said", said)

    @property
    def past(self) -> Any:
        return self

    def text(self, _: str) -> str:
        return json.dumps(self.said)  # type: ignore[attr-defined]

    @property
    def task(self) -> Any:
        return type("Task", (), {"kind": "binary"})


@pytest.mark.parametrize("name", shapes.OF)
def test_what_the_graph_wrote_is_read(name: str) -> None:
    """Every report of this repository has the form that is asked for."""
    assert shapes.fits(name, json.loads((ROOT / "reports" / f"{name}.json").read_text()))


@pytest.mark.parametrize(
    "said", [3, "x", [3], [{"name": ["a"]}], {"test": 3}, {"gates": [{"x": 1}]}, {"tables": {"a": 3}, "findings": []}], ids=json.dumps
)
def test_a_report_of_another_form_is_lacking(said: Any) -> None:
    """It counts as none, and that is said of it by its name and side."""
    side = Said(said)
    assert side.report("gates") is None
    assert side.lacks == ["reports/gates.json of a branch has another form than this version of interlock reads"]


@given(before=FORMS, after=FORMS)
def test_no_form_of_a_report_breaks_a_comparison(before: Any, after: Any) -> None:
    """Whatever JSON the reports of two commits are, features, data, gates and metrics can be compared."""
    base, head = Said(before), Said(after)
    for look in (declared.changed, tables.changed, unpaired.metrics):
        look(base, head)
    gated.gates(base, head, None)
