"""Cells of a comment: whatever data say is text in them."""

import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from interlock.contracts.evidence import text
from interlock.reporting.cells import ROWS, UNSEEN, code, prose, signed, table

RENDER = MarkdownIt("commonmark", {"html": True}).enable("table")
HOSTILE = [
    "a|b", "`x`", "``", "<script>alert(1)</script>", "<!-- x", "</details>", "@octocat", "#12", "[a](http://x.y)", "![a](http://x.y)", "*b*", "\u202eabc",
    "http://x.y", "www.x.y", "GH-1", "\\", "\n\n# head", " ", "", "&lt;b&gt;", "|", "`|`", "a\\|b",
]  # fmt: skip
ANY = st.one_of(st.sampled_from(HOSTILE), st.text(), st.lists(st.sampled_from(HOSTILE)).map("".join))


def cells(markdown: str) -> list[str]:
    """What stands in each cell of a rendered table, its heads left out."""
    return re.findall(r"<td>(.*?)</td>", RENDER.render(markdown), re.DOTALL)


@given(ANY)
def test_a_value_in_a_table_is_one_span_of_code_with_its_text(value: str) -> None:
    """One cell, no element but the span, and in it what the value says, printable and in one line."""
    (cell, other) = cells(table(["a", "b"], [[code(value), "end"]]))
    assert other == "end"
    inner = re.fullmatch(r"<code>([^<>]*)</code>", cell)
    assert inner
    said = inner[1].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert said == (" ".join(text(value, 48).split()) or "(empty)")


@given(ANY)
def test_a_sentence_makes_no_element_and_calls_nobody(value: str) -> None:
    """No tag, no link; what GitHub links by itself is broken by a space that is not seen, and the words stay."""
    (cell, _) = cells(table(["a", "b"], [[prose(value), "end"]]))
    assert not re.search(r"<[^>]*>", cell)
    assert not re.search(r"@\w|#\d|://\w|www\.", cell)
    shown = cell.replace(UNSEEN, "").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert shown == " ".join(text(value, 160).split())


def test_of_many_rows_the_first_are_shown_and_the_others_counted() -> None:
    """A table never grows beyond what a reader scrolls."""
    made = table(["n"], [[str(number)] for number in range(ROWS + 5)])
    assert len(cells(made)) == ROWS
    assert made.endswith("… and 5 more.")


def test_differences_have_their_sign() -> None:
    """Zero is no loss; none is a dash."""
    assert [signed(value) for value in (0.25, -0.25, 0.0, None)] == ["+0.2500", "−0.2500", "+0.0000", "–"]
