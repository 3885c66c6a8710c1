"""Names from the data: whatever they hold, what is made of them is a plain name."""

import keyword

import pandera.polars as pa
from hypothesis import given
from hypothesis import strategies as st

from interlock.drafting import names
from interlock.usecase import _called

TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["class", "str", "validate", "é à", "__init__", "1", "", "A", "col", "x_", "Été", "None", "past", "Asked", "requests"]),
)


@given(TEXTS)
def test_names_are_plain_and_hide_nothing(text: str) -> None:
    """A variable, an attribute and a table are identifiers, no words of Python, and none of what a drafted file uses."""
    for name in (names.variable(text), names.attribute(text), names.table(text)):
        assert name.isidentifier()
        assert name.isascii()
        assert not keyword.iskeyword(name)
        assert name not in names.USED
        assert not name.startswith("_")
    assert names.attribute(text) not in dir(pa.DataFrameModel)


@given(TEXTS)
def test_a_class_stands_for_its_table(text: str) -> None:
    """The class that is drafted for a table is the one by which the library finds that table again."""
    table = names.table(text)
    made = type(names.model(table), (), {})
    assert _called(made) == table
    assert not keyword.iskeyword(made.__name__)
    assert made.__name__ not in {"Request", "Outcome", "Asked", "Past", "Utc"}


@given(st.lists(TEXTS, unique=True, max_size=12))
def test_names_are_told_apart(texts: list[str]) -> None:
    """Different columns have different attributes, also where they come to the same name."""
    made = names.each_distinct(texts, names.attribute)
    assert len(set(made.values())) == len(texts)
    assert all(name.isidentifier() for name in made.values())


def test_letters_that_do_not_come_apart() -> None:
    """Those that no normal form splits are written as people do without them."""
    assert [names.plain(each) for each in ("Größe 1", "Ærø", "œuvre", "Łódź")] == ["grosse_1", "aero", "oeuvre", "lodz"]
