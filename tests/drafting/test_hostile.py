"""Tables whose names and values try to be code: they stand in the drafted files as literals, and nowhere else."""

import ast
import io
import json
import tokenize
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from ruamel.yaml import YAML

from interlock.drafting import draft, drawn
from interlock.drafting.given import Given
from interlock.drafting.plan import Choices, Plan
from interlock.errors import ConfigError, SourceError
from interlock.sources.columns import named

ROWS = 200
NASTY = [
    "class", "str", "a\"b'c", "x\\", "{w}", "{__import__('os')}", '")\nimport os', "# no", "'''", '"""', "é à", "1st", "validate", "row", "as_of",
    "given", "yes", "null", "~", "a: b", "- x", "*x", "&x", "%", "@", "`", "  s", "\u2028", "print", "lambda", "Asked", "pa", "𝒳", "ﬁ",
]  # fmt: skip
NAMES = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20))
CALLS = {
    "Field", "source", "request", "outcome", "reference", "history", "outside", "rows", "col", "on_demand", "view", "lookup", "latest", "count",
    "mean", "share", "select", "filter", "to_schema", "cast", "is_in", "is_not_null", "items", "concat_str", "timestamp", "duration", "datetime",
    "month", "weekday", "hour", "total_days", "total_hours", "round", "fill_null",
}  # fmt: skip


def plan_of(columns: Mapping[str, list[object]], **told: str) -> Plan:
    given_table = Given("own", {"from": "files", "path": "data/own/x.parquet"}, pl.DataFrame(columns, strict=False))
    return drawn.draw("own", [given_table], Choices(told, lambda _, guess, __: guess))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(NAMES, min_size=2, max_size=6, unique=True), st.lists(NAMES, min_size=3, max_size=3, unique=True), st.booleans())
def test_data_are_literals_alone(columns: list[str], words: list[str], classes: bool) -> None:
    """What is drafted parses, calls nothing but the vocabulary, and imports nothing but the library and its own schema."""
    frame: dict[str, list[object]] = {name: [words[(row + place) % 3] for row in range(ROWS)] for place, name in enumerate(columns)}
    frame[columns[-1]] = [words[row % (3 if classes else 2)] for row in range(ROWS)]
    try:
        named("x", list(frame))
    except SourceError:
        return  # such a header is refused when it is read
    try:
        plan = plan_of(frame, label=columns[-1])
        texts = draft.files(plan, {"own": plan.given.spec})
    except ConfigError:
        return
    for path, text in texts.items():
        _python(text) if path.endswith(".py") else _yaml(text)


def _python(text: str) -> None:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
            assert name in CALLS, text
        if isinstance(node, ast.ImportFrom):
            assert node.module in {
                "interlock.terms",
                "interlock.usecase",
                "interlock.features.declare",
                "interlock.frames",
                "usecases.own.schema",
            }
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= {"polars", "pandera.polars"}
    comments = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT]
    assert all(token.string.isprintable() for token in comments)


def _yaml(text: str) -> None:
    """Read alike by both versions of YAML, and never a reference."""
    ours = YAML(typ="safe").load(text)
    theirs = OmegaConf.to_container(OmegaConf.create(text))
    assert json.dumps(ours, default=str) == json.dumps(theirs, default=str)


@pytest.mark.parametrize("name", ["${oc.env:HOME}", "${model}"])
def test_a_reference_in_a_name_is_refused(name: str) -> None:
    """Conf would take it for another value, or read a variable of the environment."""
    plan = plan_of({"x": list(range(ROWS)), "y": [["a", "b", name][row % 3] for row in range(ROWS)]}, label="y")
    with pytest.raises(ConfigError, match=r"holds \$\{"):
        draft.files(plan, {"own": plan.given.spec})


def test_no_drafted_file_says_a_path_of_this_machine(tmp_path: Path) -> None:
    """Drafts are the same wherever they are made."""
    frame: dict[str, list[object]] = {"x": [float(row) for row in range(ROWS)], "y": [row % 2 for row in range(ROWS)]}
    plan = plan_of(frame)
    assert all(str(tmp_path) not in text for text in draft.files(plan, {"own": plan.given.spec}).values())
