"""Distributions in a few characters."""

import pytest

from interlock.cli.sketch import bars, number, percent, sparkline


def test_bars_rise_with_what_they_count() -> None:
    """The tallest bar is full, what is there at all is seen, what is not is blank; nothing has no bars."""
    assert bars([0, 1, 500, 1000]) == " ▁▅█"
    assert bars([7]) == "█"
    assert bars([]) == ""
    assert bars([0, 0]) == "  "


def test_each_kind_of_value_has_its_sketch() -> None:
    """Numbers show their histogram, truth false and true, texts the most frequent; where all is null there is none."""
    assert sparkline({"histogram": {"counts": [1, 8]}, "null_share": 0.5}) == "▂█"
    assert sparkline({"true_share": 0.25}) == "█▃"
    assert sparkline({"common": {"a": 0.5, "b": 0.5}}) == "██"
    assert sparkline({"null_share": 1.0}) == ""


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0 %"), (1, "100 %"), (0.00001, "<0.1 %"), (0.99999, ">99.9 %"), (0.125, "12.5 %"), (0.999, "99.9 %")]
)
def test_a_share_is_never_rounded_to_none_or_all(share: float, said: str) -> None:
    """Only exactly none is 0 %, only exactly all is 100 %."""
    assert percent(share) == said


@pytest.mark.parametrize(
    ("value", "said"), [(None, "–"), (0.0, "0"), (-0.333333, "-0.3333"), (1234567.8, "1,234,568"), (12.0, "12"), (2.5e-7, "2.5e-07")]
)
def test_a_number_keeps_four_digits(value: float | None, said: str) -> None:
    """Numbers have four significant digits, and all of their whole part."""
    assert number(value) == said
