"""Patterns that mean the same everywhere: in Polars, in JSON Schema and in Python, or are not exported."""

import re

import jsonschema_rs
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.contracts.patterns import portable

PATTERNS = [
    "^(?:^N[0-9A-Z]{4,5}$)", "a|b|", "^[a-c]+x?$", "a.c".replace(".", r"\."), "[^ab]", "[a-]", "[]a]", "(ab)*c", "(?P<n>a)b", "a{2}b{1,}",
    "é$", "^$", "a/b", "a-b", "x+?y", "[+*.]", r"\(\)", "^(?:ab|ac|)$", r"[\^x]", r"\n", "(?:a(?:b|c){2}){1,2}$",
]  # fmt: skip
ELSEWHERE = [
    "a.c", r"\d", r"\w+", r"\s", r"\bx", "(?i)a", "(?s:a)", "[a[b]]", "[a&&b]", "[a--b]", "[[:alpha:]]", r"\<a", "(a)\\1", "(?=a)",
    "a*+", r"\Aa", r"a\Z", "(", "a{,2}", r"[\d]", r"\p{L}", "(?>a)",
]  # fmt: skip
LETTERS = st.text(st.sampled_from("abcxyN0A9é^$+*.()[]-/ \n"), max_size=6)


@pytest.mark.parametrize("pattern", PATTERNS)
@given(texts=st.lists(LETTERS, min_size=1, max_size=10))
def test_a_portable_pattern_finds_the_same_everywhere(pattern: str, texts: list[str]) -> None:
    """What it was in Polars it is, as exported, in Polars, to a validator of JSON Schema, and in Python (where `$` needs its care)."""
    shared = portable(pattern)
    assert shared is not None
    wanted = pl.Series(texts).str.contains(pattern).to_list()
    validator = jsonschema_rs.validator_for({"type": "string", "pattern": shared})
    in_python = re.compile(re.sub(r"(?<!\\)\$", r"\\Z", shared))
    assert pl.Series(texts).str.contains(shared).to_list() == wanted
    assert [validator.is_valid(text) for text in texts] == wanted
    assert [in_python.search(text) is not None for text in texts] == wanted


@pytest.mark.parametrize("pattern", ELSEWHERE)
def test_what_means_something_else_elsewhere_is_not_portable(pattern: str) -> None:
    """Classes of characters that differ, flags, sets within sets, what one of the three does not know."""
    assert portable(pattern) is None
