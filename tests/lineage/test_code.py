"""The lines that declare a feature are found by reading a file, whatever form the declaration has."""

from collections.abc import Callable
from pathlib import Path

import pytest

from interlock import git
from interlock.lineage.code import declarations

FEATURES = '''"""Features."""

import danger  # never imported

plain = on_demand(col("x"), "Plain")
typed: Declared = on_demand(
    col("x"),
    "Over several lines",
)
first, second = make()
spent = {f"spent_{w}": view(Events).sum("amount", w, f"Spent in {w}") for w in ("7d", "30d")}
named = {"one_of_two": plain_of(1), "two_of_two": plain_of(2)}
if True:
    inside = on_demand(col("y"), "In a branch")
raise SystemExit("this file is read, not run")
'''


@pytest.fixture
def text(project: Path, commit: Callable[[], None]) -> str:
    (project / "features.py").write_text(FEATURES)
    commit()
    return FEATURES


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("plain", 5, 5), ("typed", 6, 9), ("first", 10, 10), ("second", 10, 10), ("spent_7d", 11, 11), ("spent_30d", 11, 11),
        ("two_of_two", 12, 12), ("inside", 14, 14),
    ],
)  # fmt: skip
def test_a_feature_is_found_where_it_is_bound(text: str, name: str, first: int, last: int) -> None:
    """By assignment, with a type, in a tuple, as a key of a dictionary, and in a branch; nothing of the file is run."""
    found = declarations(git.head(), "features.py", text, [name])[name]
    assert (found.first, found.last) == (first, last)
    assert found.text == "\n".join(text.splitlines()[first - 1 : last])
    assert (found.path, found.author, found.commit) == ("features.py", "A Tester", git.head())


def test_the_last_change_of_any_of_its_lines_counts(
    text: str, project: Path, commit: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Author and commit of the newest line of the statement; those of its neighbours stay."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2090-01-01T00:00:00Z")
    before = git.head()
    changed = text.replace('"Over several lines"', '"Over some lines"')
    (project / "features.py").write_text(changed)
    commit()
    found = declarations(git.head(), "features.py", changed, ["typed", "plain"])
    assert (found["typed"].commit, found["plain"].commit) == (git.head(), before)
    assert found["typed"].date == "2090-01-01"


def test_what_is_not_found_is_left_out(text: str) -> None:
    """A name that nothing binds, one that is only read, and a file that is no Python."""
    assert declarations(git.head(), "features.py", text, ["danger_zone", "make", "spent", "x"]).keys() == {"spent"}
    assert declarations(git.head(), "features.py", "def broken(:\n", ["plain"]) == {}
    assert declarations(git.head(), "elsewhere.py", text, ["plain"])["plain"].commit == ""
