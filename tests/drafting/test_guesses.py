"""What a draft takes tables for, and what it leaves out or refuses."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from interlock.drafting.plan import Plan
from interlock.errors import ConfigError, InterlockError, SourceError
from tests.drafting import imitations
from tests.drafting.drafted import drawn_from, files_of

ROWS = 400
YES = [row % 3 == 0 for row in range(ROWS)]


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., Plan]:
    """The plan of one of the imitations, or of a table of these columns beside a label `y`."""

    def drawn(name: str = "", told: dict[str, str] | None = None, **columns: list[object]) -> Plan:
        if name:
            return drawn_from(imitations.ALL[name](tmp_path / name), name, **(told or {}))
        pl.DataFrame({**columns, "y": YES}, strict=False).write_parquet(tmp_path / "table.parquet")
        return drawn_from([tmp_path / "table.parquet"], **{"label": "y", **(told or {})})

    return drawn


def test_kinds_of_tables(plan: Callable[..., Plan]) -> None:
    """Task, key, time and split of each imitation are what a person would say."""
    found = {name: plan(name) for name in imitations.ALL}
    assert {name: each.label.column.name for name, each in found.items()} == {
        "bank": "y", "titanic": "Survived", "bikes": "cnt", "credit": "default.payment.next.month", "wine": "quality", "stores": "Sales",
        "shop": "converted", "sensors": "failure",
    }  # fmt: skip
    assert {name: each.label.kind for name, each in found.items() if each.label.kind != "binary"} == {
        "bikes": "regression", "wine": "multiclass", "stores": "regression",
    }  # fmt: skip
    assert {name: each.by for name, each in found.items()} == {
        "bank": ("row",), "titanic": ("PassengerId",), "bikes": ("instant",), "credit": ("ID",), "wine": ("row",), "stores": ("Store",),
        "shop": ("user_id",), "sensors": ("machine_id",),
    }  # fmt: skip
    assert {name for name, each in found.items() if "by: time" in each.split} == {"bikes", "stores", "sensors"}
    assert {name for name, each in found.items() if each.past} == {"stores", "sensors"}


def test_what_gives_the_label_away_is_left_out(plan: Callable[..., Plan]) -> None:
    """A boat that only the saved have, two columns that add up to the label, and a copy of it; names and weights too."""
    assert "Survived" in plan("titanic").left["boat"]
    assert {"Name", "Ticket", "Cabin"} <= set(plan("titanic").left)
    assert {"casual", "registered"} <= set(plan("bikes").left)
    assert "weight" in plan("credit").left["sample_weight"]
    copy = plan(copy=[str(yes) for yes in YES], x=[row % 7 for row in range(ROWS)])
    assert "alone tells y" in copy.left["copy"]
    assert copy.asked == ("x",)


def test_what_is_left_out_is_said_in_conf(plan: Callable[..., Plan]) -> None:
    """Each with its reason, as a comment; what may be protected as well."""
    conf = files_of(plan("titanic"))["conf/usecase/titanic.yaml"]
    assert "#   boat: it alone tells Survived" in conf
    assert "# fairness: {attributes: [sex_given]" in conf


def test_what_tells_nothing_is_left_out(plan: Callable[..., Plan]) -> None:
    """Empty and constant columns, free texts, lists, and numbers of rows where a key is null."""
    found = plan(
        empty=[None] * ROWS, same=[1] * ROWS, text=[f"{row} words" for row in range(ROWS)], nested=[[row] for row in range(ROWS)],
        id=[None if row % 5 == 0 else row for row in range(ROWS)], phone=["1"] * 200 + ["2"] * 200, x=[row % 7 for row in range(ROWS)],
    )  # fmt: skip
    assert set(found.left) == {"empty", "same", "text", "nested", "id", "phone"}
    assert found.by == ("row",)


def test_moments_after_the_request_are_left_out(plan: Callable[..., Plan]) -> None:
    """An update later than the request is no feature; a moment before it is one, as the days since."""
    days = [f"2024-{1 + row % 12:02}-{1 + row % 28:02}" for row in range(ROWS)]
    found = plan(
        as_of=days,
        began=["2023-05-01"] * 200 + ["2023-06-01"] * 200,
        touched=[day.replace("2024", "2025") for day in days],
        x=[row % 7 for row in range(ROWS)],
    )
    assert found.time == "as_of"
    assert "later than as_of" in found.left["touched"]
    assert "days_since_began" in files_of(found)["usecases/own/features.py"]


def test_numbers_with_zeros_in_front_are_texts(tmp_path: Path) -> None:
    """Such as the number of a place: read as a whole number it would lose them."""
    lines = [f"{row % 20:05},{row % 2}" for row in range(ROWS)]
    (tmp_path / "places.csv").write_text("\n".join(["zip,y", *lines]) + "\n", encoding="utf-8")
    found = drawn_from([tmp_path / "places.csv"])
    assert found.given.spec["types"] == {"zip": "String"}
    assert found.given.frame["zip"][3] == "00003"


def test_keys_of_two_types_meet(tmp_path: Path) -> None:
    """A key that is a number in one table and a text in the other is a text in both."""
    pl.DataFrame({"shop": [f"{row % 20}" for row in range(ROWS)], "y": YES}).write_parquet(tmp_path / "labels.parquet")
    pl.DataFrame({"shop": range(20), "size": range(20)}).write_parquet(tmp_path / "shops.parquet")
    found = drawn_from([tmp_path / "labels.parquet", tmp_path / "shops.parquet"])
    assert [(part.given.name, part.role, part.given.spec["types"]) for part in found.parts] == [("shops", "reference", {"shop": "String"})]


def test_tables_without_a_common_key_are_not_used(tmp_path: Path) -> None:
    """They are said to be left aside, and are in no file."""
    pl.DataFrame({"x": [row % 7 for row in range(ROWS)], "y": YES}).write_parquet(tmp_path / "labels.parquet")
    pl.DataFrame({"planet": ["a", "b", "b"], "mass": [1, 2, 3]}).write_parquet(tmp_path / "planets.parquet")
    found = drawn_from([tmp_path / "labels.parquet", tmp_path / "planets.parquet"])
    assert [table.name for table in found.tables] == ["labels"]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("x,y\n" + "1,0\n2,1\n" * 25, ConfigError, "has a value in 50 rows"),
        ("x,y\n" + "1,1\n2,1\n" * 200, ConfigError, "has one value only"),
        ("x,y\n", SourceError, "no rows"),
        ("", SourceError, "is empty"),
        ("y,y\n" + "1,0\n" * 200, SourceError, "occurs twice"),
        ("x,z\n" + "1,0\n2,1\n" * 200, ConfigError, "no such column"),
    ],
)
def test_what_cannot_be_learned_is_refused(tmp_path: Path, text: str, error: type[InterlockError], said: str) -> None:
    """Too few rows, one value, no rows, nothing, two columns of a name, a label that is not there: each with what to do."""
    (tmp_path / "odd.csv").write_text(text, encoding="utf-8")
    with pytest.raises(error, match=said) as raised:
        drawn_from([tmp_path / "odd.csv"], label="y")
    assert raised.value.remedy


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    """With the line, as the project itself would refuse it."""
    (tmp_path / "odd.csv").write_bytes(("name,y\n" + "café,0\nthé,1\n" * 200).encode("latin-1"))
    with pytest.raises(SourceError, match="line 2 is not UTF-8"):
        drawn_from([tmp_path / "odd.csv"])


def test_wide_tables_and_many_levels(plan: Callable[..., Plan]) -> None:
    """Three hundred columns are one family in the features; a category of too many levels is left out."""
    wide: dict[str, list[object]] = {f"v{number}": [(row * number) % 11 for row in range(ROWS)] for number in range(1, 301)}
    found = plan(**wide, city=[f"k{row % 150}" for row in range(ROWS)], words=[f"k {row}" for row in range(ROWS)])
    features = files_of(found)["usecases/own/features.py"]
    assert features.count("\n") < 40
    assert "words" in found.left
    assert "city" in found.asked
