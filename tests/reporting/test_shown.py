"""The Markdown of a report: its size, its order, and what is in it when most is missing."""

import re
from typing import Any

import pytest
from markdown_it import MarkdownIt

from interlock.reporting.shown import LIMIT, markdown

LONG = "\U0001f480`|<b>@someone #1 " * 40


def metric(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "base": 0.7, "head": 0.71, "gain": 0.01, "gain_low": 0.005, "gain_high": 0.015, "outcome": "better"} | more


def found(many: int = 0, **more: Any) -> dict[str, Any]:
    """A report of which each list has so many entries, all of them as long as they can be."""
    rows = range(many)
    gate = {"base": "pass", "head": "fail", "changed": True, "words": LONG, "why": LONG}
    gates = [{"gate": f"{LONG}{n}", **gate} for n in rows]
    sliced = {"rows": 5, "base": 0.7, "head": 0.6, "gain": -0.1, "gain_low": -0.2, "gain_high": -0.05, "below": True, "outcome": "worse"}
    stage = {"what": "ran again", "code": [LONG] * 9, "files": [LONG] * 9, "data": [LONG] * 9, "params": [LONG] * 9, "wrote": [LONG] * 9}
    told = {"what": "redefined", "rank": 1, "logic_base": LONG, "logic_head": LONG + "x", "nulls_base": 0.0, "nulls_head": 0.0}
    flips = {
        "rows": 9, "flips": 3, "moved": 9, "mean_absolute_move": 0.1, "mean_move": 0.0, "largest_move": -0.5, "histogram": [],
        "flipped": [{"from": LONG, "to": LONG, "rows": 1} for _ in rows],
        "slices": [{"slice": f"{LONG}{n}", "rows": 3, "flips": 1, "share": 0.33} for n in rows],
        "examples": [{"key": {"id": LONG}, "then": LONG, "now": LONG, "score_then": 0.1, "score_now": 0.9} for _ in rows],
    }  # fmt: skip
    return {
        "usecase": "flights", "world": "full", "kind": "binary", "effect": True, "commits": 2, "uncommitted": 0, "stale": {},
        "base": {"name": "main", "commit": "a" * 40}, "head": {"name": "HEAD", "commit": "b" * 40},
        "paired": {"rows": 9, "only": {"base": 1, "head": 0}, "relabelled": 2}, "outcome": "better", "champion": None,
        "metrics": [metric("auc"), *(metric(f"{LONG}{n}") for n in rows)],
        "gates": {"base": "pass", "head": "fail" if many else "pass", "gates": gates},
        "slices": {"of": many, "better": 0, "fell": [{"slice": f"{LONG}{n}", **sliced} for n in rows]},
        "flips": flips if many else None,
        "params": [{"key": f"{LONG}{n}", "base": LONG, "head": LONG} for n in rows],
        "packages": [{"key": f"{LONG}{n}", "base": LONG, "head": LONG} for n in rows],
        "features": [{"feature": f"{LONG}{n}", **told} for n in rows],
        "data": {
            "worlds": None, "tables": [], "columns": [{"table": LONG, "column": f"{LONG}{n}", "base": LONG, "head": None} for n in rows],
            "rules": [{"table": LONG, "rule": LONG, "column": f"{n}", "severity": "warn", "base": 1, "head": 2} for n in rows],
            "shifts": [{"table": LONG, "column": f"{n}", "distance": 0.3} for n in rows], "findings": [],
        },
        "stages": [{"stage": f"{LONG}{n}", **stage} for n in rows], "code": [{"file": f"{LONG}{n}", "stages": [LONG] * 30} for n in rows],
        "lacks": [LONG] * many,
    } | more  # fmt: skip


@pytest.mark.parametrize("many", [0, 3, 40, 1000])
def test_it_fits_into_a_comment_whatever_names_there_are(many: int) -> None:
    """In characters and in bytes; the verdict is first, and what is left out is named, least important first."""
    text = markdown(found(many), "binary", [("a picture", "x.png")])
    assert len(text) <= len(text.encode()) <= LIMIT
    assert text.startswith(
        "❌ **Fails" if many else "✅ **Passes its gates. AUC 0.7000 → 0.7100 (+0.0100, 95 % +0.0050 to +0.0150): better.**"
    )
    assert text.count("<details>") == text.count("</details>")
    left = re.search(r"Left out, since a comment holds no more: (.*)\. `interlock report --json` has all of it", text)
    assert bool(left) == (many >= 40)
    if left:
        assert left[1].split(", ")[0] == "packages"
        assert "metrics" not in left[1]


def test_a_small_limit_leaves_the_verdict() -> None:
    """Whatever else is dropped, the line that decides and what was left out stay."""
    text = markdown(found(3), "binary", limit=2500)
    assert text.startswith("❌ **Fails")
    assert len(text.encode()) <= 2500
    assert "Left out" in text


def test_hostile_names_make_no_element_of_html() -> None:
    """Rendered, the only elements are those that the report is made of."""
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown(found(5), "binary", [("p", "p.png")]))
    elements = set(re.findall(r"</?([a-z0-9]+)", html))
    assert elements <= {
        "p", "strong", "sub", "h3", "table", "thead", "tbody", "tr", "th", "td", "br", "details", "summary", "code", "blockquote", "ul", "li", "img",
    }  # fmt: skip


def test_rows_that_only_one_side_has_are_counted() -> None:
    """On how many rows both are compared, and how many were left out and why."""
    assert "9 test rows that both scored (left out: 1 row only before, 2 rows with another label)" in markdown(found(), "binary")


def test_a_first_model_is_compared_with_nothing() -> None:
    """Where the base has none its own figures are told."""
    first = markdown(found(paired=None, metrics=[metric("auc", base=None, gain=None, gain_low=None, gain_high=None)]), "binary")
    assert first.startswith("⚠️ **Passes its gates. AUC 0.7100; `main` has none.**")
