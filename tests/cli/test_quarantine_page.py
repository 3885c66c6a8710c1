"""The page of `interlock quarantine` over reports that hold anything, and its pictures against what they draw."""

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.cli.page import said
from interlock.cli.quarantine_charts import HEIGHT, WIDTH, bullet, distribution, drawn, parts
from interlock.cli.quarantine_page import page
from interlock.cli.quarantine_shown import Shown
from interlock.contracts.evidence import text
from interlock.contracts.review import Bin, Column, Example, Finding, Review, Rule, Table
from tests.cli.pages import OURS, Page

INJECTED = [
    "<i>",
    "</svg>",
    "</text><i>",
    '"><i>',
    '" onload="alert(1)',
    "' onload='alert(1)",
    "<!--",
    "</style>",
    "]]>",
    "&lt;i&gt;",
    "<i src=",
]
TEXTS = st.sampled_from(INJECTED) | st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
SHARES = st.floats(0, 1)
VERDICTS = st.sampled_from(["pass", "warn", "fail"])
COUNTS = st.integers(0, 10**12)
VALUES = TEXTS | st.none() | st.floats() | st.integers() | st.booleans() | st.datetimes() | st.binary(max_size=9)
RULES = st.builds(
    Rule,
    rule=TEXTS,
    column=TEXTS,
    severity=st.sampled_from(["fail", "quarantine", "warn"]),
    tolerated=SHARES,
    rows=COUNTS,
    share=SHARES | st.none(),
    verdict=VERDICTS,
    examples=st.lists(st.builds(Example, row=st.sampled_from([1, 2, None]), value=TEXTS | st.none()), max_size=3),
)
LABELLED = st.lists(st.builds(Bin, share=SHARES, label=TEXTS), min_size=1, max_size=4)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def ranges(draw: st.DrawFn) -> list[Bin]:
    """Bins of numbers, as a report has them: between edges that rise, the first and the last without an end."""
    edges = sorted(set(draw(st.lists(FINITE | st.integers(-9, 9), min_size=1, max_size=9))))
    return [Bin(draw(SHARES), low=low, high=high) for low, high in pairwise([None, *edges, None])]


@st.composite
def columns(draw: st.DrawFn) -> Column:
    bins = draw(LABELLED | ranges() | st.just([]))
    accepted = draw(st.none() | st.lists(SHARES, min_size=len(bins), max_size=len(bins)))
    return Column(draw(TEXTS), draw(TEXTS), draw(SHARES), bins, accepted, draw(SHARES | st.none()))


TABLES = st.builds(
    Table,
    rows=COUNTS,
    used=COUNTS,
    quarantined=COUNTS,
    unexpected=st.lists(TEXTS, max_size=2),
    rules=st.lists(RULES, max_size=3),
    columns=st.lists(columns(), max_size=3),
)
FINDINGS = st.builds(Finding, severity=VERDICTS, table=TEXTS, rule=TEXTS, column=TEXTS, rows=COUNTS, found=TEXTS, todo=TEXTS)
REVIEWS = st.builds(Review, verdict=VERDICTS, findings=st.lists(FINDINGS, max_size=2), tables=st.dictionaries(TEXTS, TABLES, max_size=2))


@given(review=REVIEWS, title=TEXTS, cells=st.dictionaries(TEXTS, VALUES, max_size=3))
def test_no_report_makes_other_tags_than_the_pages_own(review: Review, title: str, cells: dict[str, Any]) -> None:
    """Whatever names, values and sentences a report holds, the page closes its tags, and has no tag or attribute of theirs."""
    written = page(Shown(title, review, {name: {1: cells} for name in review.tables}, complete=True))
    found = Page(written)
    assert found.tags <= OURS
    assert {"href", "src", "style", "id"}.isdisjoint(found.attributes)
    assert not any(name.startswith("on") for name in found.attributes)
    assert all(c.isprintable() or c == "\n" for c in written)


@given(value=VALUES, width=st.integers(4, 90))
def test_a_value_is_one_line_that_nothing_obeys(value: Any, width: int) -> None:
    """Any value is told in at most so many printable characters, the same on the page after unescaping; only null is `null`."""
    told = text(value, width)
    assert 0 < len(told) <= width
    assert told.isprintable()
    assert "".join(Page(f"<p>{said(value, width)}</p>").texts) == told
    assert (told == "null") == (value is None)


def test_texts_that_look_alike_are_told_apart() -> None:
    """Nothing, an empty text, blanks and the word null each look different; plain text stays as it is."""
    assert [text(value) for value in (None, "null", "", " ", "a ", "a", 1.5, True)] == [
        "null",
        "'null'",
        "''",
        "' '",
        "'a '",
        "a",
        "1.5",
        "True",
    ]


@given(edges=st.lists(st.integers(0, 100), min_size=2, max_size=9, unique=True).map(sorted), data=st.data())
def test_the_area_of_a_bar_is_its_share(edges: list[int], data: st.DataObject) -> None:
    """Bars stand to scale between the edges, and their areas are in the proportion of the shares."""
    shares = data.draw(st.lists(st.floats(0.01, 1), min_size=len(edges) + 1, max_size=len(edges) + 1))
    bins = [Bin(share, low=low, high=high) for share, (low, high) in zip(shares, pairwise([None, *edges, None]), strict=True)]
    svg = distribution(Column("a", "Int64", 0.0, bins, shares))
    rects = [
        tuple(map(float, found))
        for found in re.findall(r'<rect class="now" x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="([\d.]+)"', svg)
    ]
    lefts, heights = [rect[0] for rect in rects], [rect[2] for rect in rects]
    widths = [right - left for left, right in pairwise([*lefts, WIDTH])]
    inner = widths[1:-1]
    if len(edges) > 2:
        scale = sum(inner) / (edges[-1] - edges[0])
        assert inner == pytest.approx([(high - low) * scale for low, high in pairwise(edges)], abs=0.25)
    areas = [width * height / share for width, height, share in zip(widths, heights, shares, strict=True)]
    exact = [area for area, height in zip(areas, heights, strict=True) if height > HEIGHT / 8]
    assert max(exact) < 1.3 * min(exact)
    assert max(heights) == pytest.approx(HEIGHT, abs=0.1)


def test_edges_far_apart_stand_in_equal_steps() -> None:
    """Where a bar would be too thin to be seen, all have one width."""
    edges = [0.0, 1e-9, 1e9]
    svg = distribution(Column("a", "Float64", 0.0, [Bin(0.25, low=low, high=high) for low, high in pairwise([None, *edges, None])]))
    assert re.findall(r'<rect class="now" x="([\d.]+)"', svg) == ["0.0", "60.0", "120.0", "180.0"]


def test_what_has_one_bin_or_none_has_no_picture() -> None:
    """A column of names that no rows share has a bin for all others alone, one of times has none."""
    for bins in ([], [Bin(1.0, label="…")]):
        column = Column("a", "String", 0.0, bins)
        assert not drawn(column)
        assert distribution(column) == ""


def test_bars_of_shares_are_to_scale() -> None:
    """A share that is half of what is tolerated has half its length; of rows set aside as many as there are, and never nothing."""
    rule = Rule("nulls", "a", "fail", 0.2, 1, 0.1, "pass", [])
    bar, bound = re.search(r'width="([\d.]+)" height="6"', bullet(rule)), re.search(r"M([\d.]+) 0V12", bullet(rule))
    assert bar is not None
    assert bound is not None
    assert float(bar[1]) * 2 == float(bound[1])
    assert f'width="{WIDTH / 4:.1f}"' in parts(300, 100)
    assert 'class="gone" x="239.0" width="1.0"' in parts(10**9, 1)
    assert 'class="gone" x="240.0" width="0.0"' in parts(10**9, 0)
    assert bullet(Rule("rows", "", "fail", 0.0, 0, 0.0, "pass", [])) == ""
