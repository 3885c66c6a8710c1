"""`interlock features` shows text of others as text: descriptions, units, owners, code, and values of the data."""

import msgspec
import polars as pl
import pytest

from interlock.cli.feature_list import show_entries
from interlock.cli.feature_samples import show
from interlock.cli.feature_story import show_story
from interlock.features.catalog import Entry
from interlock.features.featureset import About, FeatureSet, OnDemand, Request
from interlock.features.places import Change
from interlock.features.profile import distribution
from interlock.features.story import Read, Story, Use

HOSTILE = "red\x1b[31m \x9b2J\x07 \u202e [bold]"
SAID = r"red\x1b[31m \x9b2J\x07 \u202e [bold]"
VALUES = pl.Series("mood", [HOSTILE, HOSTILE, "calm"])
FEATURE = OnDemand("mood", "String", About(HOSTILE, unit=HOSTILE), ["lit", "String", HOSTILE])
ENTRY = Entry(
    "mood", "on_demand", "String", HOSTILE, HOSTILE, HOSTILE, HOSTILE, "f" * 64, None, "warn", HOSTILE, HOSTILE, "computed",
    {"rows": 3, **distribution(FEATURE, VALUES)},
)  # fmt: skip
CHANGED = Change("c" * 40, "2024-01-01", HOSTILE, since=False)
STORY = Story(
    ENTRY, f'mood = "{HOSTILE}"\nnext = 3', CHANGED, [Read("reference", HOSTILE, [HOSTILE], owner=HOSTILE)], [], [Use(HOSTILE, True, 3)]
)


def harmless(printed: str) -> str:
    """What was printed, which holds nothing that a terminal obeys."""
    assert not [character for character in printed if not (character.isprintable() or character == "\n")]
    return " ".join(printed.split())


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def test_the_list_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    """Owner, description, unit, reason of deprecation and logic, each written out; a line end makes no line of its own."""
    split = msgspec.structs.replace(ENTRY, name="other", description="one\nother  on_demand  forged")
    show_entries(HOSTILE, [ENTRY, split], as_json=False)
    printed = capsys.readouterr().out
    words = harmless(printed)
    assert all(said in words for said in (f"{SAID}: 2 features", f"owner {SAID}", f"{SAID} [{SAID}]", f"deprecated: {SAID}", f"← {SAID}"))
    assert r"one\nother  on_demand  forged" in printed


def test_the_story_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    """So are its facts, the code, who wrote it, what it reads, and the values of the data."""
    show_story(STORY, as_json=False)
    words = harmless(capsys.readouterr().out)
    assert all(
        said in words
        for said in (f'mood = "{SAID}" next = 3', f"by {SAID}", f"declared {SAID}", f"of {SAID}, a reference", f"{SAID} 66.7 %")
    )


def test_values_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    """Alone and among others, values of the data and the logic of a feature are written out."""
    asked = FeatureSet(Request(("key",), None, {"key": "String"}), {}, {}, (FEATURE,))
    found = pl.DataFrame({"key": VALUES, "mood": VALUES, "calm": VALUES})
    other = msgspec.structs.replace(FEATURE, name="calm")
    for shown in ([FEATURE], [FEATURE, other]):
        show(HOSTILE, asked, shown, found, as_json=False)
        assert SAID in harmless(capsys.readouterr().out)
