"""`interlock explain` over real flights: the way from the expected score to a row's own, and the words for it."""

import json
import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import polars as pl
import pytest
from click.testing import CliRunner

from interlock import frames
from interlock.cli.explain import explain
from interlock.errors import ArtifactError
from interlock.features import featureset
from interlock.files import write_json
from interlock.modeling.reasons import figure
from interlock.notebook import inside
from stages import score, train
from tests.modeled_flights import KEY, MODEL, SPLIT, TASKS, labelled, write
from tests.small_flights import finished

TEST = Path("data/predictions/test.parquet")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished project; not to be changed."""
    return finished(tmp_path_factory)


@pytest.fixture
def here(small: Path) -> Iterator[Path]:
    with inside(small):
        yield small


def run(*arguments: str, width: int = 80) -> str:
    """What the command prints; what it raises is raised."""
    done = CliRunner().invoke(explain, arguments, env={"COLUMNS": str(width)}, catch_exceptions=False, standalone_mode=False)
    return done.output


def told(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*arguments, "--json"))
    return found


@pytest.mark.usefixtures("here")
def test_without_a_key_the_highest_the_middle_and_the_lowest_are_explained() -> None:
    """The rows whose scores are the greatest, the median and the least of the split."""
    scores = frames.read(TEST)["score"].sort()
    assert [one["score"] for one in told()] == [scores[-1], scores[len(scores) // 2], scores[0]]
    validation = frames.read(Path("data/predictions/validation.parquet"))["score"]
    assert told("--split", "validation")[0]["score"] == validation.max()


@pytest.mark.usefixtures("here")
def test_the_steps_lead_from_the_expected_raw_score_to_the_rows_own() -> None:
    """Each total is the one before with the feature's part, the others make up the rest; descriptions and units are the declared ones."""
    declared = featureset.read(Path("data/features/featureset.json")).by_name
    for one in told("--top", "7"):
        total = one["expected_raw_score"]
        for step in one["steps"]:
            total += step["contribution"]
            assert step["total"] == pytest.approx(total, rel=1e-12)
            about = declared[step["feature"]].about
            assert (step["description"], step["unit"]) == (about.description, about.unit)
        assert total + one["others"]["contribution"] == pytest.approx(one["raw_score"], rel=1e-9)
        assert len(one["steps"]) == 7
        assert 7 + one["others"]["features"] == len(declared) - sum(name.startswith("_") for name in declared)


@pytest.mark.usefixtures("here")
def test_a_row_is_named_by_its_key_and_compared_with_its_split() -> None:
    """By one column or all of them, the time in any form of ISO 8601; its rank is what Polars counts."""
    frame = frames.read(TEST)
    row = frame.row(17, named=True)
    (found,) = told(f"flight_id={row['flight_id']}")
    assert (found["flight_id"], found["score"], found["label"]) == (row["flight_id"], row["score"], row["label"])
    for moment in (row["as_of"].isoformat(), row["as_of"].strftime("%Y-%m-%dT%H:%M:%SZ"), row["as_of"].strftime("%Y-%m-%d %H:%M")):
        assert told(f"flight_id={row['flight_id']}", f"as_of={moment}") == [found]
    assert found["lower"] == frame.filter(pl.col("score") < row["score"]).height / frame.height
    assert found["higher"] == frame.filter(pl.col("score") > row["score"]).height / frame.height


@pytest.mark.usefixtures("here")
def test_the_words_speak_for_the_score_first_and_against_it_then() -> None:
    """The highest because of parts above 0, the lowest because of those below; every number in them is one of the steps."""
    high, _, low = told()
    assert high["words"].startswith("“late” is more likely than for 9")
    assert low["words"].startswith("“late” is less likely than for 9")
    for one, sign in ((high, 1), (low, -1)):
        because, _, despite = one["words"].partition("; despite ")
        for text, wanted in ((because, sign), (despite, -sign)):
            spoken = [step for step in one["steps"] if f"{step['feature']} = " in text]
            assert all(math.copysign(1, step["contribution"]) == wanted for step in spoken)
            assert bool(spoken) == bool(text)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_waterfall_fits_the_terminal(width: int) -> None:
    """No line is wider than the terminal, parts and scores are never cut, and a pipe sees no colour."""
    printed, (one,) = run("--top", "5", width=width), told("--top", "5")[:1]
    assert "\x1b" not in printed
    assert max(map(len, printed.splitlines())) <= width
    lines = [line.split() for line in printed.splitlines()]
    assert ["raw", "score", f"{one['raw_score']:.3f}".replace("-", "−")] in lines
    assert ["score", f"{one['score']:.3f}"] in lines
    for step in one["steps"]:
        (line,) = [line for line in printed.split("score  ")[1].splitlines() if line.startswith(step["feature"])][:1]
        assert "█" in line


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["carrier=UA"], "no column of the key.*as_of=… flight_id=…"),
        (["flight_id"], "no column of the key"),
        (["flight_id=none"], "no test row has flight_id=none"),
        (["as_of=soon"], "is no time"),
        (["--of", "late"], "a row has one score"),
    ],
)
def test_a_row_that_is_not_there_is_refused(arguments: list[str], said: str) -> None:
    """With what a key looks like; so is a class where there are none."""
    with pytest.raises(click.UsageError, match=said):
        run(*arguments)


@pytest.mark.usefixtures("here")
def test_a_key_of_several_rows_asks_for_the_rest_of_it() -> None:
    """Some of those rows are named in full."""
    frame = frames.read(TEST)
    moment = frame["as_of"].value_counts(sort=True)["as_of"][0]
    with pytest.raises(click.UsageError, match=r"test rows have .*name one of them, such as as_of=.* flight_id="):
        run(f"as_of={moment.isoformat()}")


def test_scores_of_another_model_are_refused(small: Path, tmp_path: Path) -> None:
    """What is explained is what was predicted, or nothing."""
    shutil.copytree(small, tmp_path / "copy")
    with inside(tmp_path / "copy"):
        frames.write(frames.read(TEST).with_columns(score=pl.col("score") * 0.99), TEST)
        with pytest.raises(ArtifactError, match=r"another model.*\n.*dvc repro score"):
            run()


def test_text_from_the_data_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """A carrier whose name clears the screen, and a key that does, are shown escaped."""
    with _project(tmp_path, "binary", carrier="\x1b[2Jevil", key="\x1b]0;x\x07"):
        printed = run("--top", "9") + run("--top", "9", "--json")
    assert "evil" in printed
    assert not [character for character in printed if not (character.isprintable() or character == "\n")]


@pytest.mark.parametrize("task", ["multiclass", "squared", "poisson"])
def test_every_kind_of_task_is_explained(task: str, tmp_path: Path) -> None:
    """Of classes the likeliest, or the one that is asked for; of a regression the score in its unit."""
    with _project(tmp_path, task):
        found, printed = told(), run()
        if task == "multiclass":
            classes = TASKS[task]["classes"]
            assert all(one["class"] in classes for one in found)
            asked = told("--of", classes[1])
            assert [one["class"] for one in asked] == [classes[1]] * len(asked)
            assert f"“{found[0]['class']}” is more likely" in found[0]["words"]
        else:
            assert {one["class"] for one in found} == {None}
            assert found[0]["words"].startswith("higher than for ")
            assert " min, higher than" in " ".join(printed.split())
            _written_alike(found, printed)
        for one in found:
            total = one["expected_raw_score"] + sum(step["contribution"] for step in one["steps"]) + one["others"]["contribution"]
            assert total == pytest.approx(one["raw_score"], rel=1e-9)


def _written_alike(found: list[dict[str, Any]], printed: str) -> None:
    """Outcome, scores and parts are written by one rule: outcome and score with their unit, one sign for minus."""
    for one in found:
        label, score = (figure(one[name], 0 if one[name].is_integer() else 3) for name in ("label", "score"))
        assert f"{score} min, " in printed
        assert f"The outcome: {label} min" in " ".join(printed.split())
        assert re.search(rf"^raw score +{figure(one['raw_score'])} *$", printed, re.MULTILINE)
    assert not re.search(r"(^|[ (])-\d", printed)


def _project(folder: Path, task: str, carrier: str = "", key: str = "") -> Any:
    """A project of one task, trained on every fortieth flight; `carrier` before every carrier, `key` before every key."""
    table = labelled(task).gather_every(5).with_columns(
        (pl.lit(carrier) + pl.col("carrier")).alias("carrier"), (pl.lit(key) + pl.col("flight_id")).alias("flight_id")
    )  # fmt: skip
    write(folder / "data/features", table.sort(KEY))
    write_json(folder / "params.yaml", {"usecase": {"task": TASKS[task], "split": SPLIT}, "model": {**MODEL, "rounds": 8}})
    (folder / "dvc.yaml").touch()
    with inside(folder):
        train.main()
        score.main()
    return inside(folder)
