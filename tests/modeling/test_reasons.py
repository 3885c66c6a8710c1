"""Why one row scores as it does, of several classes: a reason speaks for what it is named for, or against it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from interlock.features.featureset import FeatureSet, Request
from interlock.modeling import portable
from interlock.modeling.attributed import Attributed
from interlock.modeling.dataset import Rows
from interlock.modeling.reasons import figure, reasons
from interlock.modeling.score import Scorer
from interlock.modeling.spec import Model
from interlock.modeling.task import Multiclass
from interlock.modeling.train import fit
from interlock.params import convert
from tests.modeled_flights import MODEL
from tests.modeling.examples import written

NONE = FeatureSet(Request((), None, {}), {}, {}, ())
TASK = Multiclass(("rare", "usual", "common", "other"))
START = datetime(2024, 1, 1, tzinfo=UTC)


def made(name: str, seed: int, rows: int = 4000) -> Rows:
    """Three features that have nothing to do with each other; what each adds to the logit of a class is known."""
    dice = np.random.default_rng(seed)
    features = dice.uniform(-1, 1, (rows, 3))
    logits = features @ np.array([[1.0, 3.0, -2.0, 0.0], [2.0, 1.5, 1.0, -1.0], [0.2, -0.4, 0.1, 0.0]]) + [-3.0, 1.0, 1.5, -1.5]
    codes = (logits + dice.gumbel(size=logits.shape)).argmax(axis=1)
    key = pl.DataFrame({"as_of": [START + timedelta(hours=row) for row in range(rows)]})
    return Rows(name, key, pl.DataFrame(features, ["u", "v", "w"], orient="row"), pl.Series([TASK.classes[code] for code in codes]))


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    trained = fit(made("train", 1), made("validation", 2), convert({**MODEL, "rounds": 60, "feature_fraction": 1.0}, Model, "model"), TASK)
    return written(tmp_path_factory.mktemp("made"), trained, TASK)


def odds(scorer: Scorer, features: pl.DataFrame) -> Any:
    """The logarithm of each class's probability by the softmax against the geometric mean of all, (n, classes)."""
    found = np.log(portable.softmax(scorer.score(features).select(TASK.raw).to_numpy()))
    return found - found.mean(axis=1, keepdims=True)


def test_the_top_reason_moves_a_class_the_way_its_sign_says(scorer: Scorer) -> None:
    """Against the model asked again: with the value of the row instead of those of other rows the odds of the class move that way."""
    rows, others = made("test", 3, 60).features, made("other", 4, 200).features
    found, agreed = Attributed.of(scorer, rows), []
    for row in range(rows.height):
        for place in range(len(TASK.classes)):
            (top,) = reasons(found, row, place, NONE, 1)["steps"]
            moved = odds(scorer, others.with_columns(pl.lit(top["value"]).alias(top["feature"]))) - odds(scorer, others)
            change = float(moved[:, place].mean())
            if abs(change) > 0.1:
                agreed.append((change > 0) == (top["contribution"] > 0))
    assert len(agreed) > 150
    assert all(agreed)


def test_the_steps_of_a_class_lead_to_its_odds_against_all(scorer: Scorer) -> None:
    """Expected, all steps and others add up to the log-odds against the geometric mean; over the classes every part adds up to nothing."""
    rows = made("test", 3, 40).features
    found, expected = Attributed.of(scorer, rows), odds(scorer, rows)
    for row in range(rows.height):
        told = [reasons(found, row, place, NONE, 2) for place in range(len(TASK.classes))]
        for place, one in enumerate(told):
            total = one["expected_raw_score"] + sum(step["contribution"] for step in one["steps"]) + one["others"]["contribution"]
            assert total == pytest.approx(one["raw_score"], abs=1e-9)
            assert one["raw_score"] == pytest.approx(expected[row, place], abs=1e-9)
    assert found.parts.sum(axis=1) == pytest.approx(np.zeros_like(found.parts[:, 0]), abs=1e-9)


@pytest.mark.parametrize(
    ("value", "raw", "part"),
    [
        (2.953, "2.953", "+2.95"),
        (-4826809.107, "−4,826,809", "−4,826,809"),
        (999.9996, "1,000", "+1,000"),
        (-0.0412, "−0.041", "−0.041"),
        (0.000123456, "0.00012", "+0.00012"),
        (0.0, "0.000", "+0.00"),
        (-0.0, "0.000", "+0.00"),
        (1e-12, "0.000", "+0.00"),
        (float("nan"), "nan", "nan"),
        (float("-inf"), "−inf", "−inf"),
    ],
)
def test_a_number_is_written_in_one_way(value: float, raw: str, part: str) -> None:
    """Separators from a thousand on, else decimals, more of them where the number is small; one sign for minus."""
    assert figure(value) == raw
    assert figure(value, 2, sign=True) == part
