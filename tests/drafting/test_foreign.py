"""Tables in notations and shapes that are read as something else: what is seen is said, and nothing is learned by mistake."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from interlock.drafting import drawn, given, place
from interlock.drafting.plan import Choices, Plan
from interlock.errors import ConfigError
from tests.drafting.drafted import drawn_from, files_of, project
from tests.usecases.project import features, run

ROWS = 600
START = date(2024, 1, 1)
Draws = Callable[..., tuple[Plan, dict[str, bool]]]


@pytest.fixture
def drawing(tmp_path: Path) -> Draws:
    """The plan of a table of these columns, and what was said of it: each line, and whether it was sure."""

    def draws(told: dict[str, str] | None = None, others: dict[str, dict[str, list[object]]] | None = None, **columns: list[object]) -> tuple[Plan, dict[str, bool]]:  # fmt: skip
        tables = {"rows": columns, **(others or {})}
        for name, each in tables.items():
            pl.DataFrame(each, strict=False).write_csv(tmp_path / f"{name}.csv")
        choices = Choices(told or {}, lambda _, guess, __: guess)
        plan = drawn.draw("own", given.given([str(tmp_path / f"{name}.csv") for name in tables], lambda _: None), choices)
        return plan, {note.said: note.sure for note in choices.notes}

    return draws


def _noise(seed: int = 1) -> list[object]:
    random = Random(seed)  # noqa: S311 - rows, not secrets
    return [random.randint(0, 9) for _ in range(ROWS)]


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%d.%m.%Y", "%m/%d/%y", "%Y/%m/%d", "%d.%m.%Y %H:%M"])
def test_days_in_other_notations_are_said(drawing: Draws, form: str) -> None:
    """They are left out, not learned as words, and named as the time that is missing."""
    days = [(START + timedelta(days=row // 3)).strftime(form) for row in range(ROWS)]
    plan, said = drawing(day=days, x=_noise(), y=[row % 3 == 0 for row in range(ROWS)])
    assert "notation" in plan.left["day"]
    assert said["time: rows has no moment at which a row is asked about; day seems to hold it: write it as 2024-12-31"] is False


def test_decimal_commas_are_said(drawing: Draws) -> None:
    """In one line for all columns; numbers of versions and places are none, and where nothing else is left the way to convert is told."""
    commas: dict[str, list[object]] = {f"v{n}": [f"{n}.{row:03},{row % 7}" for row in range(ROWS)] for n in range(1, 6)}
    yes: list[object] = [row % 3 == 0 for row in range(ROWS)]
    plan, said = drawing(**commas, version=["1.2.3", "1.2.4"] * (ROWS // 2), y=yes)
    assert set(plan.left) == set(commas)
    assert [line for line in said if "decimal comma" in line] == [
        "rows: v1, v2, v3 and 2 more are left out, each holds numbers with a decimal comma, which are read as text: write a point"
    ]
    with pytest.raises(ConfigError, match="nothing is left to learn from") as raised:
        drawing(**commas, y=yes)
    assert "decimal_comma=True" in raised.value.remedy
    with pytest.raises(ConfigError, match="cannot be learned yet"):
        drawing({"label": "v1"}, **commas, y=yes)


def test_a_moment_in_several_columns_is_said(drawing: Draws) -> None:
    """Year, month, day and hour, or a day beside its hour: rows are not asked about when it seems."""
    at = [datetime(2024, 1, 1) + timedelta(hours=row) for row in range(ROWS)]
    apart = {part: [getattr(each, part) for each in at] for part in ("year", "month", "day", "hour")}
    _, said = drawing(**apart, x=_noise(), cnt=_noise(2))
    assert any("year, month, day, hour seem to tell it" in line and not sure for line, sure in said.items())
    plan, said = drawing(date=[f"{each:%Y-%m-%d}" for each in at], hr=apart["hour"], x=_noise(), cnt=_noise(2))
    assert any("asked about at midnight and not at its hr" in line and not sure for line, sure in said.items())
    assert plan.time == "date"


def test_the_calendar_is_not_said_twice(drawing: Draws) -> None:
    """A column that numbers weekdays, from whichever day, is enough."""
    at = [START + timedelta(days=row) for row in range(ROWS)]
    weekdays: list[object] = [each.isoweekday() % 7 for each in at]
    plan, _ = drawing(date=[each.isoformat() for each in at], weekday=weekdays, x=_noise(), cnt=_noise(2))
    text = files_of(plan)["usecases/own/features.py"]
    assert "weekday_given" in text or '"weekday"' in text
    assert ".dt.weekday()" not in text
    assert ".dt.month()" in text


@pytest.mark.parametrize("unknown", ["unknown", "n/a", "?", "Unbekannt"])
def test_labels_that_nobody_knows_are_no_outcome(drawing: Draws, unknown: str) -> None:
    """Beside yes and no, however many they are: the task is binary, and those rows have no outcome."""
    plan, said = drawing(x=_noise(), converted=["yes" if row % 4 == 0 else unknown if row % 4 == 1 else "no" for row in range(ROWS)])
    assert (plan.label.kind, plan.label.positive, plan.label.rare) == ("binary", "yes", (unknown,))
    assert "task: binary, converted = 'yes' is a yes (33.3% of the rows)" in said
    assert said[f"150 rows have no outcome, where converted is {unknown}"] is False
    assert f'.filter(~col("converted").is_in(["{unknown}"]))' in files_of(plan)["usecases/own/events.py"]


def test_earlier_labels_hold_only_those_that_are_known(drawing: Draws) -> None:
    """What nobody knows counts neither as a yes nor as a no of the past."""
    days: list[object] = [(START + timedelta(days=row // 10)).isoformat() for row in range(ROWS)]
    labels = ["yes" if row % 3 == 0 else "unknown" if row % 7 == 1 else "no" for row in range(ROWS)]
    plan, _ = drawing(user_id=[f"u{row % 10}" for row in range(ROWS)], date=days, x=_noise(), converted=labels)
    assert plan.past
    assert '.is_not_null() & ~col("converted").is_in(["unknown"])' in files_of(plan)["usecases/own/schema.py"]


def test_what_alone_tells_a_number_is_left_out(drawing: Draws) -> None:
    """Of a regression as of classes; what tells much of it, but less, is read and named."""
    label: list[object] = [round(row * 0.37 % 50, 3) for row in range(ROWS)]
    random = Random(3)  # noqa: S311 - rows, not secrets
    near: list[object] = [float(str(each)) + random.gauss(0, 6) for each in label]
    plan, said = drawing({"label": "cost"}, copy=[float(str(each)) * 2 + 1 for each in label], near=near, x=_noise(), cost=label)
    assert "alone tells cost" in plan.left["copy"]
    assert set(plan.asked) == {"near", "x"}
    assert any(line.startswith("rows.near alone tells cost") and not sure for line, sure in said.items())
    assert "# unsure: near alone tells cost" in files_of(plan)["conf/usecase/own.yaml"]


def test_a_column_that_counts_the_rows_is_their_key(drawing: Draws) -> None:
    """Whatever it is called, and no feature; one with gaps, or out of order, is a number like others."""
    plan, _ = drawing(instant=list(range(5, ROWS + 5)), gaps=[row * 3 for row in range(ROWS)], y=[row % 3 == 0 for row in range(ROWS)])
    assert (plan.by, plan.asked) == (("instant",), ("gaps",))


def test_tables_meet_by_names_that_mean_the_same(drawing: Draws) -> None:
    """`user` of one is `user_id` of the other; a history that begins after every request is named as a doubt."""
    users = [f"u{row}" for row in range(ROWS)]
    events: dict[str, list[object]] = {
        "user": [users[row % ROWS] for row in range(3 * ROWS)],
        "time": [(START + timedelta(days=40 + row % 90)).isoformat() for row in range(3 * ROWS)],
        "amount": [row % 17 for row in range(3 * ROWS)],
    }
    columns = {"user_id": users, "signup_date": [(START + timedelta(days=row % 30)).isoformat() for row in range(ROWS)]}
    yes = [float(str(each)) > 6 for each in _noise(2)]
    plan, said = drawing({"label": "converted"}, {"events": events}, **columns, x=_noise(), converted=yes)
    assert [(part.role, part.by) for part in plan.parts] == [("history", (("user", "user_id"),))]
    assert any(line.startswith("events: hardly a row lies before") and not sure for line, sure in said.items())
    plan, said = drawing({"label": "converted", "time": "none"}, {"events": events}, **columns, x=_noise(), converted=yes)
    assert plan.moment is not None
    assert any(line.startswith("time: time plays no part; asked at") for line in said)
    assert "days_since_signup_date" in files_of(plan)["usecases/own/features.py"]


def test_the_last_column_is_the_label_before_a_total(drawing: Draws) -> None:
    """A measure whose name begins as a likely one does is no better guess than a class in the last place, and neither is sure."""
    plan, said = drawing(
        total_phenols=[row % 37 / 7 for row in range(ROWS)], x=_noise(), cultivar=[["a", "b", "c"][row % 3] for row in range(ROWS)]
    )
    assert plan.label.column.name == "cultivar"
    assert said["label: rows.cultivar, by its name and place; another: --label TABLE.COLUMN"] is False
    assert "task: multiclass, 3 classes of cultivar" in said


def test_what_may_be_protected_and_has_many_values(drawing: Draws) -> None:
    """An age needs groups first: no empty list of attributes is suggested."""
    ages: list[object] = [18 + row % 70 for row in range(ROWS)]
    plan, _ = drawing(AGE=ages, MARRIAGE=_noise(), y=[row % 3 == 0 for row in range(ROWS)])
    assert plan.protected == ("AGE", "MARRIAGE")
    assert "# fairness: {attributes: [marriage_given]" in files_of(plan)["conf/usecase/own.yaml"]
    plan, _ = drawing(AGE=ages, x=_noise(), y=[row % 3 == 0 for row in range(ROWS)])
    assert "make a feature of a few groups" in files_of(plan)["conf/usecase/own.yaml"]


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_labels_that_are_not_a_number(tmp_path: Path, kind: str) -> None:
    """A frame of pandas says NaN where no label is: such rows pass the contract, and have no outcome."""
    random = Random(5)  # noqa: S311 - rows, not secrets
    labels = [float("nan") if row % 17 == 0 else float(row % 2) if kind == "binary" else random.gauss(0, 9) for row in range(ROWS)]
    pl.DataFrame({"x": _noise(), "target": labels}, strict=False).write_parquet(tmp_path / "own.parquet")
    plan = drawn_from([tmp_path / "own.parquet"])
    assert plan.label.kind == kind
    folder = project(tmp_path / "project", plan)
    run(folder, "ingest", "validate", "featurize")
    found = features(folder)
    assert len(found) == ROWS
    assert found["target"].null_count() == len(range(0, ROWS, 17))


def test_a_single_series_is_nobodys(tmp_path: Path, drawing: Draws) -> None:
    """Where each moment has one row no other column is its key, whatever happens to stand beside it; and the draft runs."""
    days: list[object] = [(START + timedelta(days=row)).isoformat() for row in range(ROWS)]
    plan, said = drawing(date=days, season=[row // 90 % 4 for row in range(ROWS)], x=_noise(), demand=_noise(2))
    assert (plan.key, plan.by, plan.past) == (("date",), ("row",), None)
    assert any(line.startswith("key: date tells each row") for line in said)
    folder = project(tmp_path / "project", plan)
    run(folder, "ingest", "validate", "featurize")
    assert len(features(folder)) == ROWS


@pytest.mark.parametrize(("rows", "least"), [(150, 5), (ROWS, 9)])
def test_few_rows_have_a_model_that_can_learn_of_them(tmp_path: Path, rows: int, least: int) -> None:
    """The default's leaves are larger than such a table: the draft's own first run would fail."""
    random = Random(6)  # noqa: S311 - rows, not secrets
    lines = [f"{random.random():.3f},{random.random():.3f},{'abc'[row % 3]}" for row in range(rows)]
    (tmp_path / "own.csv").write_text("\n".join(["x,z,species", *lines]) + "\n", encoding="utf-8")
    text = files_of(drawn_from([tmp_path / "own.csv"]))["conf/model/own.yaml"]
    assert f"min_data_in_leaf: {least}\n" in text
    assert 4 * least <= 0.6 * rows
    chosen = place._chosen("own", {"conf/model/own.yaml": text})["conf/config.yaml"]
    assert "- model: own\n" in chosen
    assert place._chosen("own", {}) == {}
